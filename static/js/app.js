// What every page runs: the socket, the list, and the small things around them.

import "./htmx.js";
import "./looks.js";
import "./folds.js";
import "./shell.js";
import "./menus.js";
import "./dialog.js";
import "./dialog-plan.js";
import "./dialog-waits.js";
import "./toast.js";
import "./keys.js";
import "./narrow.js";
import "./other-cluster.js";
import "./takes-along.js";
import "./elements/address-fields.js";
import "./elements/cluster-state.js";
import "./elements/command-palette.js";
import "./elements/copy-button.js";
import "./elements/live-build.js";
import "./elements/live-cell.js";
import "./elements/live-job.js";
import "./elements/live-overview.js";
import "./elements/live-part.js";
import "./elements/live-pill.js";
import "./elements/live-resource.js";
import "./elements/live-table.js";
import "./elements/number-stepper.js";
import "./elements/panel-again.js";
import "./elements/quick-look.js";
import "./elements/setup-token.js";
import "./elements/text-file.js";
import { loadWhenSeen } from "./lazy.js";

// Heavy elements: their code is fetched when the first of them is on the page, or what leads to it.
loadWhenSeen({
  "usage-charts": { load: () => import("./elements/usage-charts.js") },
  "log-view": { load: () => import("./elements/log-view.js"), near: 'a[href*="panel=logs"]' },
  "live-layers": { load: () => import("./elements/live-layers.js") },
  "pass-key": { load: () => import("./elements/pass-key.js") },
  "web-terminal": { load: () => import("./elements/web-terminal.js") },
  "dockerfile-editor": { load: () => import("./elements/dockerfile-editor.js") },
  "yaml-editor": { load: () => import("./elements/yaml-editor.js") },
  "yaml-text": { load: () => import("./elements/yaml-text.js") },
  "deploy-form": { load: () => import("./elements/deploy-form.js") },
  "line-rows": { load: () => import("./elements/line-rows.js") },
  "image-file": { load: () => import("./elements/image-file.js") },
  "build-files": { load: () => import("./elements/build-files.js") },
});
