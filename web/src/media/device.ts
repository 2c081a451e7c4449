/** What this device can do: cores, memory, and which codecs it encodes and decodes smoothly or with a chip. */

export const CODECS = ['h264', 'vp8', 'vp9', 'av1', 'h265'] as const;
export type CodecName = (typeof CODECS)[number];

export interface CodecAbility {
  readonly isSupported: boolean;
  /** At 720p and 30 frames a second, as the browser expects it. */
  readonly isSmooth: boolean;
  /** A chip does it, which spares the battery. */
  readonly isEfficient: boolean;
}

export interface Device {
  readonly cores: number | null;
  readonly memoryGb: number | null;
  readonly isMobile: boolean;
  readonly encodes: Readonly<Record<CodecName, CodecAbility>>;
  readonly decodes: Readonly<Record<CodecName, CodecAbility>>;
}

/** The codecs that a device decodes smoothly; none where its browser does not say. */
export function decodesOf(device: Device | null): readonly { codec: CodecName; efficient: boolean }[] {
  if (device === null) return [];
  return CODECS.flatMap((codec) => {
    const { isSupported, isSmooth, isEfficient } = device.decodes[codec];
    return isSupported && isSmooth ? [{ codec, efficient: isEfficient }] : [];
  });
}

const NOT: CodecAbility = { isSupported: false, isSmooth: false, isEfficient: false };
/** What is asked about: a camera's largest picture. */
const VIDEO = { width: 1280, height: 720, bitrate: 1_500_000, framerate: 30 };

type Navigator_ = Pick<Navigator, 'hardwareConcurrency' | 'userAgent'> & {
  readonly deviceMemory?: number;
  readonly userAgentData?: { readonly mobile: boolean };
  readonly mediaCapabilities?: Pick<MediaCapabilities, 'encodingInfo' | 'decodingInfo'>;
};

export async function probeDevice(browser: Navigator_ = navigator): Promise<Device> {
  const { hardwareConcurrency, deviceMemory, userAgentData, userAgent, mediaCapabilities } = browser;
  const [encodes, decodes] = await Promise.all([
    abilities((video) => mediaCapabilities?.encodingInfo({ type: 'webrtc', video })),
    abilities((video) => mediaCapabilities?.decodingInfo({ type: 'webrtc', video })),
  ]);
  return {
    cores: hardwareConcurrency > 0 ? hardwareConcurrency : null,
    memoryGb: deviceMemory ?? null,
    isMobile: userAgentData?.mobile ?? /Android|iPhone|iPad|Mobile/.test(userAgent),
    encodes,
    decodes,
  };
}

type Asked = (video: VideoConfiguration) => Promise<MediaCapabilitiesInfo> | undefined;

async function abilities(ask: Asked): Promise<Device['encodes']> {
  const found = await Promise.all(CODECS.map(async (codec) => [codec, await abilityOf(codec, ask)] as const));
  return Object.fromEntries(found) as Record<CodecName, CodecAbility>;
}

/** A browser that does not know the question throws a TypeError, which says no more than that it will not tell. */
async function abilityOf(codec: CodecName, ask: Asked): Promise<CodecAbility> {
  try {
    const info = await ask({ contentType: `video/${codec.toUpperCase()}`, ...VIDEO });
    if (info?.supported !== true) return NOT;
    return { isSupported: true, isSmooth: info.smooth, isEfficient: info.powerEfficient };
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return NOT;
    throw error;
  }
}
