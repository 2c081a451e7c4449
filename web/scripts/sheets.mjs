/* global document, Image -- Some functions run in the page. */
/**
 * Puts the pictures of each screen on one sheet: the large ones below each other, light and dark, and phones beside them.
 *
 *   node scripts/sheets.mjs to-folder from-folder... [--only pattern of names]
 *
 * The folders hold `<screen>-light.png`, `-dark`, `-phone` and `-rtl`, as screenshots.mjs --kinds and the end-to-end test
 * of the pages around meetings (PARLEY_PICTURES) leave them. Chromium draws and compresses the sheets.
 */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const KINDS = ['light', 'dark', 'phone', 'rtl'];
/** Enough to see everything, and to read what matters. */
const WIDE_PX = 640;
const GAP_PX = 12;
const QUALITY = 0.72;

const words = process.argv.slice(2);
const only = words.includes('--only') ? new RegExp(words.splice(words.indexOf('--only'), 2)[1]) : /./;
const [target, ...sources] = words;

/** Runs in the page. */
async function draw({ pictures, wide, gap, quality }) {
  const images = await Promise.all(
    pictures.map(async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      return image;
    }),
  );
  const isWide = ({ width, height }) => width > height;
  const [wides, phones] = [images.filter(isWide), images.filter((image) => !isWide(image))];
  const [{ width, height }] = wides;
  const row = Math.round((wide * height) / width);
  const canvas = document.createElement('canvas');
  canvas.height = wides.length * (row + gap) - gap;
  const narrow = phones.map((phone) => Math.round((canvas.height * phone.width) / phone.height));
  canvas.width = narrow.reduce((sum, one) => sum + gap + one, wide);
  const drawing = canvas.getContext('2d');
  drawing.imageSmoothingQuality = 'high';
  drawing.fillStyle = '#8a9292';
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  for (const [index, image] of wides.entries()) drawing.drawImage(image, 0, index * (row + gap), wide, row);
  let x = wide + gap;
  for (const [index, phone] of phones.entries()) {
    drawing.drawImage(phone, x, 0, narrow[index], canvas.height);
    x += narrow[index] + gap;
  }
  return canvas.toDataURL('image/webp', quality).split(',')[1];
}

const files = new Map();
for (const folder of sources) {
  for (const file of await readdir(folder)) files.set(file, join(folder, file));
}
const screens = [...files.keys()].flatMap((file) => /^(.+)-light\.png$/.exec(file)?.[1] ?? []);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
});
const page = await browser.newPage();
await mkdir(target, { recursive: true });
for (const screen of screens.filter((name) => only.test(name))) {
  const paths = KINDS.flatMap((kind) => files.get(`${screen}-${kind}.png`) ?? []);
  const pictures = await Promise.all(
    paths.map(async (path) => `data:image/png;base64,${(await readFile(path)).toString('base64')}`),
  );
  const sheet = await page.evaluate(draw, { pictures, wide: WIDE_PX, gap: GAP_PX, quality: QUALITY });
  await writeFile(join(target, `${screen}.webp`), sheet, 'base64');
  console.log(`${screen}: ${String(Math.round((sheet.length * 3) / 4 / 1024))} KB`);
}
await browser.close();
