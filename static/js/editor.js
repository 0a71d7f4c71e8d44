// What every editor is made of: <x-editor><textarea></textarea></x-editor>. The textarea stays what the form sends.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { COLOURS } from "./code-colours.js";
import { UNSEEN } from "./visible.js";

const colours = HighlightStyle.define(COLOURS.map(({ tag, colour }) => ({ tag, color: `var(--${colour})` })));

const look = EditorView.theme({
  "&": { color: "var(--t1)", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", minHeight: "320px" },
  ".cm-content": { caretColor: "var(--accent)", padding: "10px 0" },
  ".cm-cursor": { borderLeftColor: "var(--accent)" },
  ".cm-gutters": { color: "var(--t3)", background: "none", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 10px 0 12px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "color-mix(in oklab, var(--accent) 24%, transparent)" },
  ".wrong-line": { background: "color-mix(in oklab, var(--bad) 12%, transparent)", boxShadow: "inset 3px 0 0 var(--bad-g)" },
  ".cm-tooltip": { color: "var(--t1)", background: "var(--s3)", border: "1px solid var(--line2)", borderRadius: "var(--r2)", boxShadow: "var(--shadow2)" },
});

export class CodeEditor extends HTMLElement {
  connectedCallback() {
    if (this.view) return;
    this.text = this.querySelector("textarea");
    this.view = new EditorView({ state: this.#state(), parent: this });
    this.text.hidden = true;
    this.text.addEventListener("change", () => this.#take());
    if (this.dataset.line) this.goTo(Number(this.dataset.line));
  }

  disconnectedCallback() {
    this.view?.destroy();
    this.view = undefined;
  }

  // What a language adds; of editors of their own.
  extensions() {
    return [];
  }

  goTo(line) {
    const { doc } = this.view.state;
    if (line > 0 && line <= doc.lines) this.view.dispatch({ selection: { anchor: doc.line(line).from }, scrollIntoView: true });
  }

  #state() {
    const fixed = this.text.readOnly;
    const label = this.text.getAttribute("aria-label");
    return EditorState.create({
      doc: this.text.value,
      extensions: [
        lineNumbers(),
        highlightSpecialChars({ addSpecialChars: UNSEEN }), // a mark that says which one it is
        history(),
        drawSelection(),
        this.extensions(), // first: their keys go before the usual ones
        keymap.of([...defaultKeymap, ...historyKeymap]), // Tab is left alone: it leads out of the field
        syntaxHighlighting(colours),
        look,
        EditorView.lineWrapping,
        EditorState.readOnly.of(fixed),
        EditorView.contentAttributes.of({
          tabindex: "0", // what scrolls can be reached with the keyboard
          ...(label ? { "aria-label": label } : { "aria-labelledby": this.text.getAttribute("aria-labelledby") }),
          "aria-readonly": String(fixed),
          spellcheck: "false",
          autocapitalize: "none",
        }),
        EditorView.cspNonce.of(document.querySelector("script[nonce]")?.nonce ?? ""),
        EditorView.updateListener.of((update) => update.docChanged && this.#give()),
      ],
    });
  }

  #give() {
    this.text.value = this.view.state.doc.toString();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Something else wrote the text: what came with files took the place of what was there.
  #take() {
    const { doc } = this.view.state;
    if (doc.toString() !== this.text.value) this.view.dispatch({ changes: { from: 0, to: doc.length, insert: this.text.value } });
  }
}
