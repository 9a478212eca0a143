// @ts-check
// The browser's own speech, by voices of this machine only: some browsers have others that send what
// they speak to a server.

const LONGEST_MS = 10_000; // some browsers forget to say that they have ended

export class Speech {
  // `onVoices` is called when the browser has found its voices, which takes a moment.
  constructor(onVoices) {
    this.engine = globalThis.speechSynthesis;
    this.engine?.addEventListener?.("voiceschanged", onVoices);
  }

  get possible() {
    return Boolean(this.engine);
  }

  // The voice for a language ("de"); undefined where this machine has none.
  voice(language) {
    const voices = this.engine?.getVoices() ?? [];
    const speaks = ({ lang }) => lang.split(/[-_]/)[0].toLowerCase() === language;
    const own = voices.filter((voice) => voice.localService && speaks(voice));
    return own.find((voice) => voice.default) ?? own[0];
  }

  // Speaks at a volume from 0 to 1, then calls `onEnd`. Returns whether it speaks.
  speak(text, language, volume, onEnd) {
    const voice = this.voice(language);
    if (!voice) return false;
    this.stop();
    const utterance = new SpeechSynthesisUtterance(text);
    Object.assign(utterance, { voice, lang: voice.lang, volume });
    const end = () => {
      clearTimeout(timer);
      if (this.utterance === utterance) this.utterance = null;
      onEnd();
    };
    const timer = setTimeout(end, LONGEST_MS);
    utterance.addEventListener("end", end);
    utterance.addEventListener("error", end);
    this.utterance = utterance; // one that nothing refers to may never say that it has ended
    this.engine.speak(utterance);
    return true;
  }

  stop() {
    if (this.utterance) this.engine.cancel();
    this.utterance = null;
  }
}
