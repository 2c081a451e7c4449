/** Drawn people and a drawn slide as video tracks, so that the app can be looked at without cameras. */

const WIDTH = 960;
const HEIGHT = 540;

export interface Look {
  readonly wall: string;
  readonly light: string;
  readonly skin: string;
  readonly hair: string;
  readonly shirt: string;
}

export const LOOKS: readonly Look[] = [
  { wall: '#c9b8a4', light: '#e9ddcd', skin: '#e3ac84', hair: '#4a2f22', shirt: '#31556b' },
  { wall: '#6d8a86', light: '#a3bdb6', skin: '#8d5a3c', hair: '#1e1715', shirt: '#e0b25b' },
  { wall: '#8a93a8', light: '#c3cad9', skin: '#f0c5a2', hair: '#a8622f', shirt: '#6d3f52' },
  { wall: '#a98f86', light: '#dbc6bd', skin: '#c68a5f', hair: '#2a201c', shirt: '#3f6b55' },
  { wall: '#5d6577', light: '#939db2', skin: '#6b432e', hair: '#120e0d', shirt: '#c96f4a' },
  { wall: '#b7b9a5', light: '#dfe0d1', skin: '#f3d0b4', hair: '#d3a559', shirt: '#404a63' },
];

type Draw = (context: CanvasRenderingContext2D, seconds: number) => void;

export function cameraTrack(index: number): MediaStreamTrack {
  const look = LOOKS[index % LOOKS.length] as Look;
  const room = new OffscreenCanvas(WIDTH, HEIGHT);
  const inRoom = room.getContext('2d');
  if (inRoom !== null) drawRoom(inRoom, look, index);
  return trackOf((context, seconds) => {
    context.drawImage(room, 0, 0);
    drawPerson(context, look, Math.sin(seconds * 0.8 + index) * 6, index);
  });
}

export function screenTrack(): MediaStreamTrack {
  return trackOf(drawSlide);
}

function trackOf(draw: Draw): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no 2D canvas');
  const start = performance.now();
  const paint = (): void => {
    draw(context, (performance.now() - start) / 1_000);
  };
  paint();
  setInterval(paint, 200);
  const [track] = canvas.captureStream(5).getVideoTracks();
  if (track === undefined) throw new Error('the canvas gave no track');
  return track;
}

function drawRoom(context: OffscreenCanvasRenderingContext2D, look: Look, index: number): void {
  const wall = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
  wall.addColorStop(index % 2, look.light);
  wall.addColorStop(1 - (index % 2), look.wall);
  context.fillStyle = wall;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.filter = 'blur(9px)';
  const left = index % 2 === 0 ? 60 : 640;
  context.fillStyle = 'rgb(255 250 238 / 55%)';
  context.fillRect(left, 40, 240, 280);
  context.fillStyle = 'rgb(20 30 30 / 16%)';
  context.fillRect(WIDTH - left - 180, 220, 200, 14);
  for (let book = 0; book < 7; book += 1) {
    context.fillStyle = `oklch(0.62 0.07 ${String((index * 70 + book * 47) % 360)})`;
    context.fillRect(WIDTH - left - 170 + book * 25, 150 + ((book * 17) % 24), 20, 70 - ((book * 17) % 24));
  }
  context.filter = 'none';
}

function drawPerson(context: CanvasRenderingContext2D, look: Look, sway: number, index: number): void {
  const x = WIDTH / 2 + sway;
  const y = 262 + sway / 4;
  const fill = (colour: string, path: (context: CanvasRenderingContext2D) => void): void => {
    context.fillStyle = colour;
    context.beginPath();
    path(context);
    context.fill();
  };
  if (index % 3 === 1) {
    fill(look.hair, (c) => {
      c.roundRect(x - 118, y - 128, 236, 300, 110);
    });
  }
  fill(look.shirt, (c) => {
    c.roundRect(x - 215, y + 142, 430, 320, [150, 150, 0, 0]);
  });
  fill(shade(look.skin, 0.86), (c) => {
    c.roundRect(x - 44, y + 60, 88, 120, 42);
  });
  fill(look.skin, (c) => {
    c.ellipse(x, y, 86, 108, 0, 0, 7);
  });
  fill(look.hair, (c) => {
    c.ellipse(x, y - 62, 94, 66, 0, Math.PI, 0);
    c.ellipse(x + (index % 2 === 0 ? -20 : 20), y - 62, 74, 34, 0, 0, Math.PI);
  });
  for (const side of [-1, 1]) {
    fill('#2a1d18', (c) => {
      c.ellipse(x + side * 33, y - 4, 8, 9, 0, 0, 7);
    });
  }
  context.strokeStyle = shade(look.skin, 0.55);
  context.lineWidth = 6;
  context.lineCap = 'round';
  context.beginPath();
  context.arc(x, y + 34, 30, 0.35, Math.PI - 0.35);
  context.stroke();
}

function shade(colour: string, factor: number): string {
  const parts = [1, 3, 5].map((at) => Math.round(parseInt(colour.slice(at, at + 2), 16) * factor));
  return `rgb(${parts.join(' ')})`;
}

function drawSlide(context: CanvasRenderingContext2D, seconds: number): void {
  context.fillStyle = '#fbfaf7';
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = '#172121';
  context.font = '700 44px sans-serif';
  context.fillText('Where the time goes', 64, 104);
  context.fillStyle = '#566363';
  context.font = '22px sans-serif';
  context.fillText('From the click on Join to the first picture, in milliseconds', 64, 144);
  const bars: readonly (readonly [string, number])[] = [
    ['Look up', 38],
    ['Place', 61],
    ['Offer', 84],
    ['DTLS', 120],
    ['Keyframe', 96 + Math.sin(seconds) * 6],
  ];
  bars.forEach(([name, value], index) => {
    const top = 196 + index * 62;
    context.fillStyle = '#566363';
    context.font = '20px sans-serif';
    context.fillText(name, 64, top + 28);
    context.fillStyle = index === 3 ? '#d9822b' : '#0b7566';
    context.beginPath();
    context.roundRect(180, top, value * 5, 40, 8);
    context.fill();
    context.fillStyle = '#172121';
    context.fillText(String(Math.round(value)), 194 + value * 5, top + 28);
  });
}
