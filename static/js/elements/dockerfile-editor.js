// <dockerfile-editor>: a textarea with numbers, colours and the line that failed.

import { StreamLanguage } from "@codemirror/language";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { RangeSetBuilder, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";
import { CodeEditor } from "../editor.js";

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

class DockerfileEditor extends CodeEditor {
  extensions() {
    return [StreamLanguage.define(dockerFile), wrongLines(Number(this.dataset.line), Number(this.dataset.end || this.dataset.line))];
  }
}

customElements.define("dockerfile-editor", DockerfileEditor);
