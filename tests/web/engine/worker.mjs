// In a worker of a browser: has a twin answer, as node does by `inNode`.

addEventListener("message", async ({ data: [module, vectors] }) => {
  try {
    const { run } = await import(`./${module}.mjs`);
    const response = await fetch(vectors);
    postMessage(await run(await response.json()));
  } catch (error) {
    postMessage([String(error.stack ?? error)]);
  }
});
