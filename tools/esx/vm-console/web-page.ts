export interface PageFile {
  readonly type: string;
  readonly body: string;
}

const HTML = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Console</title>
<link rel="stylesheet" href="/console.css">
<header>
  <span id="state">connecting</span>
  <button id="keys" type="button">Ctrl+Alt+Del</button>
</header>
<main id="screen"></main>
<script type="module" src="/console.js"></script>
</html>
`;

const STYLE = `html, body { height: 100%; margin: 0; background: #1c1c1c; color: #ddd; font: 14px sans-serif; }
body { display: flex; flex-direction: column; }
header { display: flex; justify-content: space-between; padding: 4px 8px; }
main { flex: 1; min-height: 0; }
`;

const SCRIPT = `import RFB from '/novnc/core/rfb.js';

const state = document.getElementById('state');
const rfb = new RFB(document.getElementById('screen'), 'ws://' + location.host + '/socket', {
  wsProtocols: ['binary'],
});
rfb.scaleViewport = true;
rfb.addEventListener('connect', () => { state.textContent = 'connected'; rfb.focus(); });
rfb.addEventListener('desktopname', event => { document.title = event.detail.name; state.textContent = event.detail.name; });
rfb.addEventListener('disconnect', () => { state.textContent = 'the connection has ended'; });
document.getElementById('keys').addEventListener('click', () => { rfb.sendCtrlAltDel(); rfb.focus(); });
`;

/** The page, its style and its script, by their paths. */
export const PAGE: Readonly<Record<string, PageFile>> = {
  '/': { type: 'text/html; charset=utf-8', body: HTML },
  '/console.css': { type: 'text/css', body: STYLE },
  '/console.js': { type: 'text/javascript', body: SCRIPT },
};
