// What has which colour in a machine's language: in editors, and in a text that is only shown.

import { tags } from "@lezer/highlight";

export const COLOURS = [
  { tag: [tags.keyword, tags.atom, tags.definition(tags.propertyName)], colour: "accent" },
  { tag: tags.string, colour: "ok" },
  { tag: tags.comment, colour: "t3" },
  { tag: [tags.variableName, tags.special(tags.variableName), tags.number], colour: "info" },
  { tag: [tags.meta, tags.bracket], colour: "t3" },
  { tag: tags.invalid, colour: "bad" },
];
