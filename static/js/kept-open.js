// What somebody opened in a panel stays open when the panel is fetched again, for the server knows nothing of it.

const OPENED = ":is(#panel, #look-host) details";

export const keptOpen = {
  htmx_before_morph_attr: (element, { attrName, newValue }) => !(attrName === "open" && newValue === null && element.matches(OPENED)),
};
