/** Tells the worker that keeps the app which files a version has: those, too, that no page names and that are asked for later. */
import type { Plugin } from 'vite';

/**
 * The list is a file with a hash in its name, as they all are, so that the page of a version names the list of that very
 * version, whenever it is asked for.
 */
export function listOfFiles(): Plugin {
  return {
    name: 'list-of-files',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const page = bundle['index.html'];
        // Other pages, as that of the fixtures, have no worker.
        if (page?.type !== 'asset') return;
        const files = Object.keys(bundle).filter(
          (name) => name.startsWith('assets/') && !name.endsWith('.map'),
        );
        const source = JSON.stringify(files.map((name) => `/${name}`).sort());
        const list = this.getFileName(this.emitFile({ type: 'asset', name: 'files.json', source }));
        page.source = String(page.source).replace(
          '</head>',
          () => `  <meta name="parley-files" content="/${list}" />\n  </head>`,
        );
      },
    },
  };
}
