/** Starts the web app. */
import '@fontsource-variable/figtree/index.css';
import './styles/base.css';
import './styles/pages.css';
import './styles/door.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import './i18n.ts';

const container = document.getElementById('app');
if (container === null) throw new Error('index.html has no #app');
createRoot(container).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
