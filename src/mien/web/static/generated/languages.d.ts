// Written by `make page-types`: see tools/page_types.py.

/** A text, or the forms of one that depends on a number. */
export type Text = string | { other: string; [category: string]: string };

export interface Words {
  language: string;
  reasons: Record<string, string>;
  connecting: string;
  loading: string;
  notLoaded: string;
  connected: string;
  lost: string;
  serverLost: string;
  machineLost: string;
  engineLost: string;
  engineFailed: string;
  tooManyPages: string;
  serverBack: string;
  starting: string;
  liveView: string;
  facesInView: string;
  nearestFace: string;
  noFace: string;
  notSure: string;
  unsaid: string;
  ownCamera: string;
  sample: string;
  showing: string;
  ended: string;
  show: string;
  version: string;
  offline: string;
  person: string;
  look: string;
  sentence: string;
  seconds: string;
  minutes: string;
  percent: string;
  sure: string;
  stop: string;
  pause: string;
  goOn: string;
  again: string;
  space: string;
  paused: string;
  pausedHint: string;
  welcome: {
    title: string;
    look: string;
    here: string;
    overNetwork: string;
    inBrowser: string;
    camera: string;
    sample: string;
    file: string;
    streams: string;
  };
  notice: {
    ask: string;
    card: string;
    seen: string;
    title: string;
    what: string;
    whatText: string;
    limits: string;
    limitsText: string;
    choice: string;
    choiceText: string;
    fill: string;
    who: string;
    why: string;
    kept: string;
    contact: string;
    law: string;
  };
  place: string;
  file: {
    drop: string;
    place: string;
    unknown: string;
    empty: string;
  };
  foot: {
    look: string;
    here: string;
    overNetwork: string;
    inBrowser: string;
    streams: string;
  };
  about: {
    title: string;
    model: string;
    weights: string;
  };
  camera: {
    title: string;
    front: string;
    back: string;
    numbered: string;
    off: string;
    dark: string;
    kept: string;
    refused: string;
    missing: string;
    busy: string;
    unplugged: string;
    insecure: string;
    failed: string;
  };
  stats: {
    fps: string;
    latency: string;
    server: string;
  };
  history: {
    title: string;
    start: string;
    stop: string;
    keeping: string;
    off: string;
    stopped: string;
    earlier: string;
    length: string;
    ago: string;
    now: string;
    scale: string;
    back: string;
    hold: string;
    follow: string;
    csv: string;
    json: string;
    forget: string;
    unseen: string;
  };
  sound: {
    trial: string;
    none: string;
    failed: string;
    noTones: string;
    noSpeech: string;
    noVoice: string;
  };
  kept: {
    keep: string;
    sign: Text;
    full: string;
    practise: string;
    forget: string;
    forgotten: string;
  };
  practice: {
    open: string;
    title: string;
    how: string;
    own: string;
    wrong: string;
    here: string;
    overNetwork: string;
    inBrowser: string;
    folder: string;
    pictures: string;
    moments: Text;
    hint: string;
    back: string;
    none: string;
    faceless: Text;
    unreadable: Text;
    waiting: string;
    face: string;
    picture: string;
    question: string;
    you: string;
    mien: string;
    same: string;
    differ: string;
    youUnsure: string;
    mienUnsure: string;
    off: string;
    lies: string;
    part: {
      brows: string;
      eyes: string;
      mouth: string;
    };
    often: string;
    or: string;
    noPart: string;
    measured: string;
    harder: string;
    rest: {
      show: string;
      back: string;
    };
    drawn: {
      title: string;
      about: string;
      begin: string;
      more: string;
      few: string;
      missing: string;
      hint: string;
      others: string;
      picture: string;
      described: string;
      rested: string;
      who: string;
      same: string;
      differ: string;
      strengths: {
        slight: string;
        clear: string;
        strong: string;
      };
      atRest: string;
      press: string;
      line: string;
      parts: {
        brows: {
          name: string;
          raisedTogether: string;
          innerUp: string;
          raised: string;
          together: string;
        };
        eyes: {
          name: string;
          staring: string;
          wide: string;
          hanging: string;
          cheeksUp: string;
          narrow: string;
        };
        nose: {
          name: string;
          wrinkled: string;
        };
        mouth: {
          name: string;
          pressed: string;
          bared: string;
          smilingOpen: string;
          smiling: string;
          stretched: string;
          lipUpOpen: string;
          lipUp: string;
          chinUp: string;
          cornersDown: string;
          dropped: string;
        };
      };
      counts: string;
      unsure: string;
    };
    record: {
      title: string;
      off: string;
      on: string;
      failed: string;
      start: string;
      stop: string;
      kept: Text;
      sittings: Text;
      csv: string;
      delete: string;
      question: string;
      spare: string;
      sure: string;
      deleted: string;
      look: string;
      older: Text;
      drawn: string;
      neutral: string;
      picture: string;
    };
    next: string;
    finish: string;
    summary: string;
    looked: Text;
    agreed: Text;
    agreedNone: string;
    counts: string;
    folders: Text;
    all: string;
    again: string;
    other: string;
    start: string;
    times: Text;
  };
  settings: {
    title: string;
    close: string;
    reset: string;
    kept: string;
    page: string;
    shown: string;
    heard: string;
    language: {
      title: string;
      auto: string;
    };
    text: {
      title: string;
      normal: string;
      large: string;
      larger: string;
    };
    theme: {
      title: string;
      system: string;
      light: string;
      dark: string;
      contrast: string;
    };
    motion: {
      title: string;
      system: string;
      less: string;
    };
    show: {
      title: string;
      both: string;
      words: string;
      icons: string;
    };
    looks: {
      title: string;
      hint: string;
    };
    models: {
      title: string;
      hint: string;
      looks: string;
      coming: string;
      failed: string;
    };
    nearest: {
      title: string;
      hint: string;
    };
    sure: {
      title: string;
      hint: string;
    };
    markerKey: {
      title: string;
      hint: string;
    };
    sound: {
      title: string;
      hint: string;
      off: string;
      tone: string;
      words: string;
    };
    volume: {
      title: string;
    };
    sounds: {
      title: string;
      hint: string;
    };
    pace: {
      title: string;
      hint: string;
      slow: string;
      usual: string;
      quick: string;
    };
    hidden: {
      hint: string;
    };
  };
  code: {
    title: string;
    where: string;
    code: string;
    enter: string;
    pictures: string;
    wrong: string;
    too_many: string;
  };
  tools: string;
  hidePicture: string;
  usual: {
    title: string;
    said: string;
    whose: string;
    choose: string;
    learning: string;
    on: string;
    few: string;
    unsteady: string;
    left: string;
    over: string;
    stop: string;
    back: string;
    again: string;
    close: string;
  };
  window: {
    start: string;
    reading: string;
    choose: string;
    ended: string;
    refused: string;
    failed: string;
  };
  floating: {
    title: string;
    open: string;
    next: string;
  };
  naming: {
    name: string;
    give: string;
    colour: string;
    done: string;
    colours: {
      none: string;
      red: string;
      yellow: string;
      green: string;
      blue: string;
      violet: string;
    };
  };
  marker: {
    word: string;
    set: string;
    first: string;
    said: string;
  };
  teaching: {
    open: string;
    title: string;
    how: string;
    here: string;
    overNetwork: string;
    inBrowser: string;
    cannot: string;
    cannotHere: string;
    word: string;
    new: string;
    add: string;
    added: string;
    whose: string;
    keep: string;
    kept: Text;
    count: Text;
    faceless: string;
    full: Text;
    face: string;
    wordOf: string;
    remove: string;
    removeFace: string;
    learn: string;
    learning: string;
    progress: string;
    cancelled: string;
    fewWords: string;
    fewFaces: string;
    save: string;
    saved: string;
    forget: string;
    forgotten: string;
    lost: string;
    result: string;
    verdicts: {
      better: string;
      perhaps: string;
      "no better": string;
    };
    judged: string;
    column: string;
    before: string;
    now: string;
    of: string;
    never: string;
    guessing: Text;
    weak: string;
    leftOut: Text;
    known: Text;
    unguarded: string;
    use: string;
    back: string;
    using: string;
    saveModel: string;
    savedModel: string;
  };
  /** For labels; English has its words in the table of looks. */
  looks?: Record<string, string>;
  /** For what the server says; its own words are English. */
  server?: Record<string, string>;
}

export const languages: Record<string, Words>;
