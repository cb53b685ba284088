// SPDX-License-Identifier: GPL-3.0-or-later
// What a session is held by, in words.
import common from './strings/common.js';

export function device({user_agent: agent, transport}) {
	const text = common.device;
	if (transport === 'bearer') return text.api;
	const browser = [
		['Edg/', 'Edge'],
		['Firefox/', 'Firefox'],
		['OPR/', 'Opera'],
		['Chrome/', 'Chrome'],
		['Safari/', 'Safari'],
	].find(([mark]) => agent?.includes(mark))?.[1];
	const system = [
		['Android', 'Android'],
		['iPhone', 'iPhone'],
		['iPad', 'iPad'],
		['Mac OS', 'Mac'],
		['Windows', 'Windows'],
		['Linux', 'Linux'],
	].find(([mark]) => agent?.includes(mark))?.[1];
	return browser && system
		? text.on(browser, system)
		: (browser ?? (agent ? agent.split(/[ /]/)[0] : text.unknown));
}
