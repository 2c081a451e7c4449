/** The style sheets that every page needs, in the order in which later ones win. */
import './base.css';
import './controls.css';
import './menus.css';
import './faces.css';
import './start.css';
import './notice.css';
import './door.css';
import './devices.css';
