import { readdir, readFile } from 'node:fs/promises';
import { type UiAsset, uiAsset } from './ui-asset.ts';

/** By path: `/` is the page, everything else is below `/ui/`. */
export type UiAssets = ReadonlyMap<string, UiAsset>;

const isFromSources = import.meta.filename.endsWith('.ts');
/** Where the page is: beside this file, or where the bundle has it. */
const folder = new URL(isFromSources ? './' : '../ui/', import.meta.url);
const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

/**
 * Reads all assets of the web UI. A bundle has one script and one style sheet; from sources each module and each sheet is one of its own.
 * @param version of the program, told to the page
 */
export async function loadUiAssets(version: string): Promise<UiAssets> {
  const page = await readFile(new URL('index.html', folder), 'utf8');
  const files = await readFiles(['icon.svg'], 'image/svg+xml');
  const parts = isFromSources
    ? await readSources()
    : new Map([...(await readFiles(['app.js'], script)), ...(await readFiles(['style.css'], style))]);
  return new Map([['/', uiAsset('text/html; charset=utf-8', page.replace('%VERSION%', version))], ...files, ...parts]);
}

async function readSources(): Promise<UiAssets> {
  const { strippedModules } = await import('./stripped-modules.ts');
  const modules = await strippedModules(new URL('browser/app.ts', folder), new URL('../../', folder));
  const sheets = (await readdir(new URL('styles/', folder))).map((name) => `styles/${name}`);
  const scripts = [...modules].map(([path, content]) => [`/ui/${path}`, uiAsset(script, content)] as const);
  return new Map([...scripts, ...(await readFiles(['style.css', ...sheets], style))]);
}

async function readFiles(names: readonly string[], type: string): Promise<UiAssets> {
  const read = async (name: string) => [`/ui/${name}`, uiAsset(type, await readFile(new URL(name, folder)))] as const;
  return new Map(await Promise.all(names.map(read)));
}
