import type { WordsLike } from '../languages/areas.ts';

export type NetworkWords = WordsLike<typeof english>;

export const english = {
  test: {
    title: 'Connection test',
    lead: 'Finds out within half a minute how well your network carries a meeting. No camera, no microphone, no account.',
    home: 'Start page',
    back: 'Back to the meeting',
    again: 'Test again',
    stop: 'Stop',
    running: 'Testing…',
    stopped: 'The test was stopped.',
    progress: 'Progress of the test',
    stage: {
      asking: 'Asking for servers…',
      reaching: 'Looking for the nearest region…',
      measuring: 'Sending a picture there and back…',
      done: 'Done',
    },
    grade: {
      good: 'Your connection is good',
      fair: 'Your connection will do',
      poor: 'Your connection is weak',
      blocked: 'A meeting cannot get through',
      unknown: 'The test could not be made',
    },
    fine: 'Nothing stands in the way of sharp pictures and clear voices.',
    finding: {
      offline: 'You are offline. Connect to a network, then test again.',
      api_unreachable: 'Parley cannot be reached. Check your network, then test again.',
      too_many_tests: 'Many tests were made from your network just now. Wait a minute, then test again.',
      no_node:
        'No server takes a test right now. Try again in a few minutes; meetings may work all the same.',
      socket_blocked:
        'The media servers could not be reached. Either your network blocks WebSockets, or the servers have no room for tests now. Test again, or use another network.',
      media_blocked:
        'Your network lets neither UDP nor TCP through to the media servers. Try another network, such as your phone’s, or ask its administrator to open the ports.',
      udp_blocked:
        'Your network blocks UDP. Meetings work over TCP, with more delay when packets are lost. Ask the administrator to let UDP through.',
      upload_too_slow:
        'Your upload is too slow for a picture. Turn your camera off, stop other uploads, or use a cable.',
      download_too_slow:
        'Your download is too slow for pictures. You will hear the others, and hardly see them.',
      upload_slow: 'Your upload is weak: others will see you less sharp. Stop other uploads or use a cable.',
      download_slow: 'Your download is weak: you will see fewer and smaller pictures at their best.',
      lossy: 'Packets get lost on the way. Move nearer to the Wi-Fi router or use a cable.',
      jittery:
        'Packets come at an uneven pace. Wi-Fi that is far away or busy does that: move nearer or use a cable.',
      far: 'The way to the servers is long: answers come late, and people may talk at the same time.',
    },
    nearest: 'Nearest region: {{region}}',
    regions: 'Regions',
    region: 'Region',
    home_region: 'home',
    socket: 'WebSocket',
    udp: 'UDP',
    tcp: 'TCP',
    rtt: 'Round trip',
    up: 'Upload',
    down: 'Download',
    upLoss: 'Loss, upload',
    downLoss: 'Loss, download',
    upJitter: 'Jitter, upload',
    downJitter: 'Jitter, download',
    measuredOver: 'Measured over {{protocol}} with a picture that comes back',
    reach: {
      untested: 'not tested',
      testing: 'testing…',
      works: 'works',
      blocked: 'blocked',
    },
    away: 'no server now',
    atLeast: 'at least {{value}}',
  },
  unit: {
    ms: '{{value}} ms',
    percent: '{{value}} %',
    mbps: '{{value}} Mbit/s',
    kbps: '{{value}} kbit/s',
    unknown: '–',
  },
};
