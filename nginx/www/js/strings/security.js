// SPDX-License-Identifier: GPL-3.0-or-later
import {plural} from '../text.js';

export default {
	title: 'Two-factor authentication',
	forced: (workspace) =>
		`${workspace} asks everybody for a second factor. Set it up now; then you go on where you were.`,
	forcedElsewhere:
		'Your second factor is on, but this browser logged in without it. Log out, and log in with a code.',
	yours: 'Yours',
	off: 'Off',
	offText:
		'With a second factor, your password alone opens nothing: logging in also takes a code that an app on your phone makes. Any authenticator app does.',
	setUp: 'Set up',
	on: 'On',
	since: 'Since',
	left: 'Recovery codes left',
	few: (count) =>
		count === 0
			? 'You have no recovery code left. Make new ones, or a lost phone locks you out.'
			: plural(count, 'Only # recovery code is left.', 'Only # recovery codes are left.'),
	newCodes: 'New recovery codes…',
	turnOff: 'Turn off…',
	required: 'The workspace asks everybody for it: turned off, it has to be set up again before anything else.',

	scanTitle: '1. Scan this with your authenticator app',
	scanAlt: 'QR code for your authenticator app; the key beside it says the same',
	scanLead: 'In the app, choose to add an account and point the camera here.',
	cannotScan: 'Cannot scan? Type in this key:',
	keyLabel: 'Key',
	account: (label) => `Account: ${label}. Time-based, six digits.`,
	copyKey: 'Copy the key',
	typeTitle: '2. Type the code that the app shows',
	code: 'Code',
	codeHelp: 'Six digits; a new one comes every half minute.',
	codeMissing: 'Type the six digits.',
	codeWrong: 'This is not what the app shows now. Try the next code, and check the clock of your phone.',
	turnOn: 'Turn it on',

	codesTitle: 'Keep these recovery codes',
	codesLead:
		'Two-factor authentication is on. Each of these codes opens your account once if the phone is lost. They are shown this once: print them, or put them into your password manager.',
	codesLeadNew:
		'The codes you had before do not work any more. Each of these works once, and they are shown this once.',
	copy: 'Copy',
	download: 'Download',
	file: (slug) => `pact-recovery-codes-${slug}.txt`,
	fileText: (who, codes) =>
		`Recovery codes of ${who.user.email} for Pact, workspace ${who.workspace.name}\nEach works once.\n\n${codes.join('\n')}\n`,
	kept: 'I have kept them',
	done: 'Two-factor authentication is on.',

	password: 'Your password',
	passwordMissing: 'Type your password.',
	newCodesTitle: 'New recovery codes',
	newCodesText: 'Ten new codes are made. Those you have now stop working.',
	make: 'Make new codes',
	offTitle: 'Turn off two-factor authentication',
	offWarning:
		'Logging in then takes your password alone. The key in your app and all recovery codes stop working.',
	offDo: 'Turn it off',
	offDone: 'Two-factor authentication is off.',

	everybody: 'Everybody',
	have: (have, all) =>
		all === have
			? plural(all, 'The one person here has it.', 'All # people here have it.')
			: `${have} of ${plural(all, '# person has it.', '# people have it.')}`,
	require: 'Require two-factor authentication of everybody',
	requireHelp:
		'Whoever has none is led to set it up before anything else, at the next page they open. Single sign-on is not asked: its own factors count.',
	save: 'Save',
	saved: {true: 'Everybody needs a second factor now.', false: 'A second factor is everybody’s own choice now.'},
	meanwhile: 'Somebody else changed settings of the workspace meanwhile. Look at what stands here now, and save again.',
	readonly: 'Your role can read this, not change it.',
};
