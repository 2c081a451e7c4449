// Opens what lies under a film's prefix for as long as the token in the address says, as links for players of HLS
// have it: /p/<ends>.<mac>/compositions/<recording>/<film>/hls/master.m3u8. Whatever a playlist names beside
// itself is asked for under the same token, by any player. Source: CloudFront Functions, JavaScript runtime 2.0.
import cf from 'cloudfront';
import crypto from 'crypto';

const LINK = /^\/p\/(\d{1,12})\.([A-Za-z0-9_-]{43})\/((compositions\/[^/]+\/[^/]+\/)[^?#]+)$/;
const REFUSED = { statusCode: 403, statusDescription: 'Forbidden' };

function isSame(one, other) {
  // Each character is looked at, so that the time says nothing of how many were right.
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) difference |= one.charCodeAt(at) ^ other.charCodeAt(at % other.length);
  return difference === 0;
}

async function handler(event) {
  const request = event.request;
  const found = LINK.exec(request.uri);
  if (found === null || found[3].includes('..') || Date.now() >= Number(found[1]) * 1000) return REFUSED;
  let key;
  try {
    key = await cf.kvs().get('pathKey');
  } catch (error) {
    // The operator has put none there yet.
    return REFUSED;
  }
  const mac = crypto.createHmac('sha256', key).update(found[1] + ' ' + found[4]).digest('base64url');
  if (!isSame(mac, found[2])) return REFUSED;
  request.uri = '/' + found[3];
  return request;
}
