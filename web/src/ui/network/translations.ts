import type { NetworkWords } from './english.ts';

export const german: NetworkWords = {
  test: {
    title: 'Verbindungstest',
    lead: 'Findet in einer halben Minute heraus, wie gut dein Netz ein Treffen trägt. Ohne Kamera, ohne Mikrofon, ohne Konto.',
    home: 'Startseite',
    back: 'Zurück zum Treffen',
    again: 'Noch einmal testen',
    stop: 'Abbrechen',
    running: 'Test läuft …',
    stopped: 'Der Test wurde abgebrochen.',
    progress: 'Fortschritt des Tests',
    stage: {
      asking: 'Server werden erfragt …',
      reaching: 'Die nächste Region wird gesucht …',
      measuring: 'Ein Bild geht hin und zurück …',
      done: 'Fertig',
    },
    grade: {
      good: 'Deine Verbindung ist gut',
      fair: 'Deine Verbindung reicht aus',
      poor: 'Deine Verbindung ist schwach',
      blocked: 'Ein Treffen kommt nicht durch',
      unknown: 'Der Test war nicht möglich',
    },
    fine: 'Scharfen Bildern und klaren Stimmen steht nichts im Weg.',
    finding: {
      offline: 'Du bist offline. Verbinde dich mit einem Netz und teste noch einmal.',
      api_unreachable: 'Parley ist nicht erreichbar. Prüfe dein Netz und teste noch einmal.',
      too_many_tests:
        'Aus deinem Netz kamen gerade viele Tests. Warte eine Minute und teste dann noch einmal.',
      no_node:
        'Gerade nimmt kein Server einen Test an. Versuche es in ein paar Minuten; Treffen gehen vielleicht trotzdem.',
      socket_blocked:
        'Die Medienserver waren nicht zu erreichen. Entweder sperrt dein Netz WebSockets, oder die Server haben gerade keinen Platz für Tests. Teste noch einmal oder nimm ein anderes Netz.',
      media_blocked:
        'Dein Netz lässt weder UDP noch TCP zu den Medienservern durch. Nimm ein anderes Netz, etwa das deines Telefons, oder bitte die Verwaltung, die Ports zu öffnen.',
      udp_blocked:
        'Dein Netz sperrt UDP. Treffen gehen über TCP, mit mehr Verzögerung, wenn Pakete verloren gehen. Bitte die Verwaltung, UDP durchzulassen.',
      upload_too_slow:
        'Dein Upload ist zu langsam für ein Bild. Schalte die Kamera aus, beende andere Uploads oder nimm ein Kabel.',
      download_too_slow: 'Dein Download ist zu langsam für Bilder. Du hörst die anderen und siehst sie kaum.',
      upload_slow:
        'Dein Upload ist schwach: Andere sehen dich weniger scharf. Beende andere Uploads oder nimm ein Kabel.',
      download_slow: 'Dein Download ist schwach: Du siehst weniger und kleinere Bilder.',
      lossy: 'Unterwegs gehen Pakete verloren. Geh näher an den WLAN-Router oder nimm ein Kabel.',
      jittery:
        'Pakete kommen ungleichmäßig. Das macht WLAN, das weit weg oder voll ist: Geh näher heran oder nimm ein Kabel.',
      far: 'Der Weg zu den Servern ist weit: Antworten kommen spät, und man fällt einander leicht ins Wort.',
    },
    nearest: 'Nächste Region: {{region}}',
    regions: 'Regionen',
    region: 'Region',
    home_region: 'Heimat',
    socket: 'WebSocket',
    udp: 'UDP',
    tcp: 'TCP',
    rtt: 'Umlaufzeit',
    up: 'Upload',
    down: 'Download',
    upLoss: 'Verlust, Upload',
    downLoss: 'Verlust, Download',
    upJitter: 'Schwankung, Upload',
    downJitter: 'Schwankung, Download',
    measuredOver: 'Über {{protocol}} gemessen, mit einem Bild, das zurückkommt',
    reach: {
      untested: 'nicht getestet',
      testing: 'wird getestet …',
      works: 'geht',
      blocked: 'gesperrt',
    },
    away: 'gerade kein Server',
    atLeast: 'mindestens {{value}}',
  },
  unit: {
    ms: '{{value}} ms',
    percent: '{{value}} %',
    mbps: '{{value}} Mbit/s',
    kbps: '{{value}} kbit/s',
    unknown: '–',
  },
};

export const french: NetworkWords = {
  test: {
    title: 'Test de connexion',
    lead: 'Découvre en une demi-minute comment votre réseau porte une réunion. Sans caméra, sans micro, sans compte.',
    home: 'Page d’accueil',
    back: 'Retour à la réunion',
    again: 'Refaire le test',
    stop: 'Arrêter',
    running: 'Test en cours…',
    stopped: 'Le test a été arrêté.',
    progress: 'Avancement du test',
    stage: {
      asking: 'Recherche de serveurs…',
      reaching: 'Recherche de la région la plus proche…',
      measuring: 'Une image fait l’aller-retour…',
      done: 'Terminé',
    },
    grade: {
      good: 'Votre connexion est bonne',
      fair: 'Votre connexion suffira',
      poor: 'Votre connexion est faible',
      blocked: 'Une réunion ne peut pas passer',
      unknown: 'Le test n’a pas pu être fait',
    },
    fine: 'Rien ne s’oppose à des images nettes et des voix claires.',
    finding: {
      offline: 'Vous êtes hors ligne. Connectez-vous à un réseau, puis refaites le test.',
      api_unreachable: 'Parley est injoignable. Vérifiez votre réseau, puis refaites le test.',
      too_many_tests:
        'Beaucoup de tests viennent d’être faits depuis votre réseau. Attendez une minute, puis recommencez.',
      no_node:
        'Aucun serveur n’accepte de test pour l’instant. Réessayez dans quelques minutes ; les réunions marchent peut-être quand même.',
      socket_blocked:
        'Les serveurs de médias n’ont pas pu être joints. Soit votre réseau bloque les WebSockets, soit les serveurs n’ont pas de place pour des tests. Recommencez, ou changez de réseau.',
      media_blocked:
        'Votre réseau ne laisse passer ni UDP ni TCP vers les serveurs de médias. Essayez un autre réseau, celui de votre téléphone par exemple, ou demandez à son administrateur d’ouvrir les ports.',
      udp_blocked:
        'Votre réseau bloque UDP. Les réunions passent par TCP, avec plus de retard quand des paquets se perdent. Demandez à l’administrateur de laisser passer UDP.',
      upload_too_slow:
        'Votre débit montant est trop lent pour une image. Coupez la caméra, arrêtez les autres envois ou branchez un câble.',
      download_too_slow:
        'Votre débit descendant est trop lent pour des images. Vous entendrez les autres sans guère les voir.',
      upload_slow:
        'Votre débit montant est faible : les autres vous verront moins net. Arrêtez les autres envois ou branchez un câble.',
      download_slow: 'Votre débit descendant est faible : vous verrez moins d’images, et plus petites.',
      lossy: 'Des paquets se perdent en route. Rapprochez-vous du routeur Wi-Fi ou branchez un câble.',
      jittery:
        'Les paquets arrivent à un rythme inégal. C’est le fait d’un Wi-Fi lointain ou chargé : rapprochez-vous ou branchez un câble.',
      far: 'Le chemin vers les serveurs est long : les réponses arrivent tard, et on se coupe la parole.',
    },
    nearest: 'Région la plus proche : {{region}}',
    regions: 'Régions',
    region: 'Région',
    home_region: 'principale',
    socket: 'WebSocket',
    udp: 'UDP',
    tcp: 'TCP',
    rtt: 'Aller-retour',
    up: 'Débit montant',
    down: 'Débit descendant',
    upLoss: 'Perte, montant',
    downLoss: 'Perte, descendant',
    upJitter: 'Gigue, montant',
    downJitter: 'Gigue, descendant',
    measuredOver: 'Mesuré par {{protocol}}, avec une image qui revient',
    reach: {
      untested: 'non testé',
      testing: 'test en cours…',
      works: 'passe',
      blocked: 'bloqué',
    },
    away: 'pas de serveur',
    atLeast: 'au moins {{value}}',
  },
  unit: {
    ms: '{{value}} ms',
    percent: '{{value}} %',
    mbps: '{{value}} Mbit/s',
    kbps: '{{value}} kbit/s',
    unknown: '–',
  },
};

export const spanish: NetworkWords = {
  test: {
    title: 'Prueba de conexión',
    lead: 'Averigua en medio minuto cómo lleva tu red una reunión. Sin cámara, sin micrófono, sin cuenta.',
    home: 'Página de inicio',
    back: 'Volver a la reunión',
    again: 'Probar otra vez',
    stop: 'Parar',
    running: 'Probando…',
    stopped: 'La prueba se ha parado.',
    progress: 'Avance de la prueba',
    stage: {
      asking: 'Buscando servidores…',
      reaching: 'Buscando la región más cercana…',
      measuring: 'Una imagen va y vuelve…',
      done: 'Listo',
    },
    grade: {
      good: 'Tu conexión es buena',
      fair: 'Tu conexión basta',
      poor: 'Tu conexión es débil',
      blocked: 'Una reunión no puede pasar',
      unknown: 'No se pudo hacer la prueba',
    },
    fine: 'Nada impide imágenes nítidas y voces claras.',
    finding: {
      offline: 'No tienes conexión. Conéctate a una red y prueba otra vez.',
      api_unreachable: 'No se llega a Parley. Revisa tu red y prueba otra vez.',
      too_many_tests: 'Se han hecho muchas pruebas desde tu red. Espera un minuto y prueba otra vez.',
      no_node:
        'Ningún servidor acepta pruebas ahora. Inténtalo en unos minutos; quizá las reuniones funcionen igualmente.',
      socket_blocked:
        'No se pudo llegar a los servidores de medios. O tu red bloquea los WebSockets, o los servidores no tienen sitio para pruebas. Prueba otra vez, o con otra red.',
      media_blocked:
        'Tu red no deja pasar ni UDP ni TCP hacia los servidores de medios. Prueba con otra red, como la de tu teléfono, o pide a su administrador que abra los puertos.',
      udp_blocked:
        'Tu red bloquea UDP. Las reuniones van por TCP, con más retraso cuando se pierden paquetes. Pide al administrador que deje pasar UDP.',
      upload_too_slow:
        'Tu subida es demasiado lenta para una imagen. Apaga la cámara, para otras subidas o usa un cable.',
      download_too_slow: 'Tu bajada es demasiado lenta para imágenes. Oirás a los demás y apenas los verás.',
      upload_slow: 'Tu subida es débil: los demás te verán menos nítido. Para otras subidas o usa un cable.',
      download_slow: 'Tu bajada es débil: verás menos imágenes y más pequeñas.',
      lossy: 'Se pierden paquetes por el camino. Acércate al router Wi-Fi o usa un cable.',
      jittery:
        'Los paquetes llegan a un ritmo desigual. Lo hace una Wi-Fi lejana o cargada: acércate o usa un cable.',
      far: 'El camino a los servidores es largo: las respuestas llegan tarde y la gente se pisa al hablar.',
    },
    nearest: 'Región más cercana: {{region}}',
    regions: 'Regiones',
    region: 'Región',
    home_region: 'principal',
    socket: 'WebSocket',
    udp: 'UDP',
    tcp: 'TCP',
    rtt: 'Ida y vuelta',
    up: 'Subida',
    down: 'Bajada',
    upLoss: 'Pérdida, subida',
    downLoss: 'Pérdida, bajada',
    upJitter: 'Fluctuación, subida',
    downJitter: 'Fluctuación, bajada',
    measuredOver: 'Medido por {{protocol}} con una imagen que vuelve',
    reach: {
      untested: 'sin probar',
      testing: 'probando…',
      works: 'pasa',
      blocked: 'bloqueado',
    },
    away: 'sin servidor ahora',
    atLeast: 'al menos {{value}}',
  },
  unit: {
    ms: '{{value}} ms',
    percent: '{{value}} %',
    mbps: '{{value}} Mbit/s',
    kbps: '{{value}} kbit/s',
    unknown: '–',
  },
};
