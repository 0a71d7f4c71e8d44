// <dockerfile-editor>: a textarea with numbers, colours and the line that failed. The textarea stays what the form sends.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { EditorState, RangeSetBuilder, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)" },
  { tag: tags.string, color: "var(--ok)" },
  { tag: tags.comment, color: "var(--t3)" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--info)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

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
});

// The lines that failed, moving along with what is typed above them.
const wrongLines = (first, last) =>
  StateField.define({
    create(state) {
      const builder = new RangeSetBuilder();
      for (let line = first; line && line <= Math.min(last, state.doc.lines); line++) {
        const { from } = state.doc.line(line);
        builder.add(from, from, Decoration.line({ class: "wrong-line" }));
      }
      return builder.finish();
    },
    update: (marks, change) => marks.map(change.changes),
    provide: (field) => EditorView.decorations.from(field),
  });

class DockerfileEditor extends HTMLElement {
  connectedCallback() {
    if (this.view) return;
    this.text = this.querySelector("textarea");
    this.view = new EditorView({ state: this.#state(), parent: this });
    this.text.hidden = true;
    this.text.addEventListener("change", () => this.#take());
    const first = Number(this.dataset.line);
    if (first && first <= this.view.state.doc.lines) this.view.dispatch({ selection: { anchor: this.view.state.doc.line(first).from }, scrollIntoView: true });
  }

  disconnectedCallback() {
    this.view?.destroy();
    this.view = undefined;
  }

  #state() {
    return EditorState.create({
      doc: this.text.value,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        keymap.of([...defaultKeymap, ...historyKeymap]), // Tab is left alone: it leads out of the field
        StreamLanguage.define(dockerFile),
        syntaxHighlighting(colours),
        look,
        wrongLines(Number(this.dataset.line), Number(this.dataset.end || this.dataset.line)),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-labelledby": this.text.getAttribute("aria-labelledby"), spellcheck: "false", autocapitalize: "none" }),
        EditorView.cspNonce.of(document.querySelector("script[nonce]")?.nonce ?? ""),
        EditorView.updateListener.of((update) => update.docChanged && this.#give()),
      ],
    });
  }

  #give() {
    this.text.value = this.view.state.doc.toString();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A Dockerfile that came with files took the place of what was there.
  #take() {
    const { doc } = this.view.state;
    if (doc.toString() !== this.text.value) this.view.dispatch({ changes: { from: 0, to: doc.length, insert: this.text.value } });
  }
}

customElements.define("dockerfile-editor", DockerfileEditor);
