// Characters that turn text around or cannot be seen are shown as a mark: a name must not pass for another one.
// dashboard/visible.py does the same with what comes as HTML.

export const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export const visible = (text) => String(text).replace(UNSEEN, "\ufffd");
