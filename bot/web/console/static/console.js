// The console's script. Everything that changes something also works as a plain form.

import './page.js';
import './feed.js';
import './conversation.js';
import './phone.js';
