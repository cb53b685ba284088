// SPDX-License-Identifier: GPL-3.0-or-later
import {plural} from '../text.js';

export default {
	path: (parts) => parts.join(' → '),
	profile: {
		title: 'Profile',
		name: 'Name',
		email: 'Email address',
		roles: 'Roles',
		method: 'Logged in with',
		methods: {password: 'Email and password', saml: 'Single sign-on (SAML)', oidc: 'Single sign-on (OIDC)'},
		help: 'An administrator of the workspace can change these.',
		none: 'Not recorded',
	},
	password: {
		title: 'Password',
		current: 'Current password',
		next: 'New password',
		again: 'New password again',
		help: 'At least 10 characters. A few unrelated words are better than a word with a number.',
		change: 'Change password',
		short: 'Use at least 10 characters.',
		differ: 'The two are not the same.',
		missing: 'Type your current password.',
		wrong: 'This is not your current password.',
		done: 'The password was changed, and all your other sessions were ended.',
		ends: 'Changing it ends all your other sessions.',
		show: 'Show what I type',
	},
	sessions: {
		title: 'Sessions',
		lead: 'Where you are logged in. Ending a session works at once.',
		caption: 'Your sessions',
		columns: {device: 'Browser', ip: 'From', started: 'Started', seen: 'Last used', end: 'End'},
		here: 'This one',
		end: 'End session',
		endLabel: (device, ip) => `End the session of ${device} from ${ip}`,
		ended: 'The session was ended',
		others: (count) => plural(count, 'End the other session', 'End the # other sessions'),
		allEnded: 'All other sessions were ended',
	},
	workspace: {
		title: 'Workspace',
		name: 'Name',
		slug: 'Short name',
		help: 'The short name is part of addresses and is used when you log in to one of several workspaces.',
	},
	privacy: {
		title: 'Default consent policy',
		lead: 'What a new contact gets when nobody says otherwise: typed by hand, sent through the API without a status, or imported without evidence.',
		legend: 'A new contact without consent of its own is',
		recommended: 'Recommended',
		help: {
			pending: 'Nobody is mailed before confirming. Only a request to confirm may be sent.',
			confirmed:
				'Everybody may be mailed at once. This needs a legal basis, for example an existing customer relationship; it becomes the evidence of each contact.',
			declined: 'Nobody is mailed until consent is recorded one by one.',
		},
		basis: 'Legal basis',
		basisHelp:
			'On what ground may these people be mailed? It is kept as the evidence in each contact’s history.',
		basisMissing: 'A policy of confirmed needs its legal basis.',
		save: 'Save the policy',
		saved: 'The policy was saved. It holds for contacts added from now on.',
		readonly: 'Your role can read this, not change it.',
	},
	unknown: 'There is no such section.',
};
