/** Starts the web app. */
import '@fontsource-variable/figtree/index.css';
import './styles/everyPage.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { InLanguage } from './InLanguage.tsx';
import { followSettings } from './appearance.ts';
import './i18n.ts';
import { keepForOffline } from './offline.ts';

const container = document.getElementById('app');
if (container === null) throw new Error('index.html has no #app');
followSettings();
if (import.meta.env.PROD && 'serviceWorker' in navigator) keepForOffline();
createRoot(container).render(
  <StrictMode>
    <InLanguage>
      <App />
    </InLanguage>
  </StrictMode>,
);
