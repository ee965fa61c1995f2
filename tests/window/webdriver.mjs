// The part of the W3C WebDriver protocol that the stories need, over fetch. A client from npm would bring more
// packages than this one has functions, and none of them waits for a condition inside the page.

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** Keys without a character, by the names that people use. */
const KEYS = { Control: "\uE009", Shift: "\uE008", Enter: "\uE007", Escape: "\uE00C", Tab: "\uE004", ArrowDown: "\uE015" };

async function ask(method, address, body) {
  const response = await fetch(address, { method, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

/** Whether the driver takes a session. */
export const isReady = async (base) => (await ask("GET", `${base}/status`)).ready;

/** The page in the window of a program. */
export class Page {
  #session;

  constructor(session) {
    this.#session = session;
  }

  /** Starts the program; conditions are waited for up to `patience_ms`. */
  static async open(base, application, patience_ms) {
    const alwaysMatch = {
      "tauri:options": { application },
      timeouts: { script: patience_ms, implicit: 0 },
    };
    const { sessionId } = await ask("POST", `${base}/session`, { capabilities: { alwaysMatch } });
    return new Page(`${base}/session/${sessionId}`);
  }

  /** What a function answers in the page. It sees its arguments and nothing else of ours. */
  run(look, ...args) {
    const script = `return (${look})(...arguments)`;
    return ask("POST", `${this.#session}/execute/sync`, { script, args });
  }

  /** The function's first truthy answer: it is asked again whenever the page changes. */
  async until(what, look, ...args) {
    const script = `
      const done = [...arguments].at(-1);
      const ask = () => {
        const answer = (${look})(...[...arguments].slice(0, -1));
        if (answer) {
          changes.disconnect();
          done(answer);
        }
      };
      const changes = new MutationObserver(ask);
      changes.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
      ask();`;
    try {
      return await ask("POST", `${this.#session}/execute/async`, { script, args });
    } catch (error) {
      const shown = await this.run(() => document.body.innerText).catch(String);
      throw new Error(`waited for ${what} while the window showed this:\n${shown}`, { cause: error });
    }
  }

  /** Clicks into the middle of the element, which fails if something lies over it. */
  async click(selector) {
    await this.until(selector, (selector) => document.querySelector(selector) !== null, selector);
    const element = await ask("POST", `${this.#session}/element`, { using: "css selector", value: selector });
    await ask("POST", `${this.#session}/element/${element[ELEMENT]}/click`, {});
  }

  /** Types into whatever has the focus. */
  type(text) {
    return this.#keys([...text].flatMap((key) => [["keyDown", key], ["keyUp", key]]));
  }

  /** Presses keys together: `Enter`, `Control+N`. */
  press(chord) {
    const keys = chord.split("+").map((key) => KEYS[key] ?? key.toLowerCase());
    return this.#keys([...keys.map((key) => ["keyDown", key]), ...keys.reverse().map((key) => ["keyUp", key])]);
  }

  #keys(steps) {
    const actions = steps.map(([type, value]) => ({ type, value }));
    return ask("POST", `${this.#session}/actions`, { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  /** Moves the window to the corner of the screen. */
  resize(width, height) {
    return ask("POST", `${this.#session}/window/rect`, { x: 0, y: 0, width, height });
  }

  /** The windows that show pages, by names of the driver. */
  windows() {
    return ask("GET", `${this.#session}/window/handles`);
  }

  /** Closes the window that things are done in; another has to be switched to before anything else. */
  closeWindow() {
    return ask("DELETE", `${this.#session}/window`);
  }

  /** What is done from here on is done in this window. */
  switchTo(handle) {
    return ask("POST", `${this.#session}/window`, { handle });
  }

  /** A PNG of what the window shows. It is taken with the next frame, and a page that has long been still draws none. */
  async picture() {
    await this.run(() => {
      const end = performance.now() + 10_000;
      const { style } = document.body;
      const draw = (now) => {
        style.outline = now < end ? `${1 + (Math.floor(now / 50) % 2)}px solid transparent` : "";
        if (now < end) requestAnimationFrame(draw);
      };
      requestAnimationFrame(draw);
    });
    return Buffer.from(await ask("GET", `${this.#session}/screenshot`), "base64");
  }
}
