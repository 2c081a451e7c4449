import { describe, expect, it } from 'vitest';
import { parseCode, parseRoute, pathOf } from './route.ts';

describe('parseCode', () => {
  it.each([
    ['abc-defg-hij', 'abc-defg-hij'],
    [' ABC defg HIJ ', 'abc-defg-hij'],
    ['abcdefghij', 'abc-defg-hij'],
    ['https://parley.example/m/abc-defg-hij?x=1', 'abc-defg-hij'],
    [`mtg_${'a'.repeat(26)}`, `mtg_${'a'.repeat(26)}`],
  ])('takes %j', (input, code) => {
    expect(parseCode(input)).toBe(code);
  });

  it.each(['', 'abc', 'abc-defg-hi1', 'https://parley.example/'])('refuses %j', (input) => {
    expect(parseCode(input)).toBeNull();
  });
});

describe('parseRoute', () => {
  it('leads to the start page or to a meeting, and back to the same address', () => {
    expect(parseRoute('/')).toEqual({ kind: 'start' });
    expect(parseRoute('/elsewhere')).toEqual({ kind: 'start' });
    const route = parseRoute('/m/abc-defg-hij');
    expect(route).toEqual({ kind: 'meeting', code: 'abc-defg-hij' });
    expect(pathOf(route)).toBe('/m/abc-defg-hij');
  });

  it('leads to the connection test, and from there back to the door of a meeting that is one', () => {
    expect(parseRoute('/test')).toEqual({ kind: 'test' });
    expect(parseRoute('/test/', '?from=javascript:alert(1)')).toEqual({ kind: 'test' });
    const route = parseRoute('/test', '?from=abc-defg-hij');
    expect(route).toEqual({ kind: 'test', from: 'abc-defg-hij' });
    expect(pathOf(route)).toBe('/test?from=abc-defg-hij');
  });

  it('leads to a film by its link, and to the page of its owner without one', () => {
    const path = `/recordings/rec_${'a'.repeat(26)}`;
    const secret = `watch_${'b'.repeat(52)}`;
    const route = parseRoute(path, '', `#${secret}`);
    expect(route).toEqual({ kind: 'watch', id: path.slice(12), secret });
    expect(pathOf(route)).toBe(`${path}#${secret}`);
    expect(parseRoute(path, '', '#watch_x')).toEqual({ kind: 'recording', id: path.slice(12) });
  });

  it('survives an address that is not encoded properly', () => {
    expect(parseRoute('/m/%')).toEqual({ kind: 'start' });
  });

  it.each([
    ['/meetings', { kind: 'meetings' }],
    ['/meetings/new', { kind: 'meetings', open: 'new' }],
    [`/meetings/mtg_${'a'.repeat(26)}`, { kind: 'meetings', open: `mtg_${'a'.repeat(26)}` }],
    ['/settings', { kind: 'settings' }],
    ['/admin/nodes', { kind: 'admin', part: 'nodes' }],
  ])('leads to %s and back', (path, route) => {
    expect(parseRoute(path)).toEqual(route);
    expect(pathOf(parseRoute(path))).toBe(path);
  });

  it.each([
    ['/admin', { kind: 'admin', part: 'meetings' }],
    ['/admin/', { kind: 'admin', part: 'meetings' }],
    ['/admin/else', { kind: 'start' }],
    ['/admin/nodes/else', { kind: 'start' }],
    ['/meetings/else', { kind: 'meetings' }],
    ['/settings/else', { kind: 'start' }],
  ])('takes %s for what comes closest', (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });
});
