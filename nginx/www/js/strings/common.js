// SPDX-License-Identifier: GPL-3.0-or-later
import {plural} from '../text.js';

export default {
	product: 'Pact',
	skip: 'Skip to the content',
	nav: 'Main',
	menu: 'Menu',
	closeMenu: 'Close menu',
	contacts: 'Contacts',
	accounts: 'Accounts',
	tasks: 'Tasks',
	settings: 'Settings',
	settingsSections: {
		profile: 'Profile',
		password: 'Password',
		sessions: 'Sessions',
		security: 'Two-factor authentication',
		people: 'People',
		roles: 'Roles',
		workspace: 'Workspace',
		privacy: 'Default consent policy',
		audit: 'Audit Log',
	},
	settingsGroups: {security: 'Security', privacy: 'Privacy'},
	logOut: 'Log out',
	orMore: ' or more',
	openTasks: (count) => plural(count, '# open task', '# open tasks'),

	failed: 'The request could not be carried out.',
	unavailable: 'The service cannot answer at the moment. Nothing was changed; try again in a little while.',
	offlineTitle: 'No connection',
	offline: 'The server cannot be reached. What you typed is kept; try again when the connection is back.',
	reference: (id) => `If this goes on, give this reference to support: ${id}`,
	retryIn: (seconds) => `Try again in ${plural(seconds, '# second', '# seconds')}.`,
	notAllowed: 'Your role does not allow this. An administrator of the workspace can change that.',
	notFound: 'This does not exist, or it belongs to another workspace.',
	loading: 'Loading…',
	tryAgain: 'Try again',

	summary: (count) => plural(count, 'One thing needs another look', '# things need another look'),
	save: 'Save',
	cancel: 'Cancel',
	close: 'Close',
	undo: 'Undo',
	back: 'Back',
	remove: 'Remove',
	dismiss: 'Dismiss',
	optional: 'optional',
	escAgain: 'Press Esc again to leave without saving what you typed.',
	none: 'None',
	loadMore: 'Load more',
	moreLoaded: (added, shown) =>
		`${plural(added, '# more', '# more')} loaded, ${plural(shown, '# shown', '# shown')}`,

	mfaRequired:
		'This workspace now asks everybody for a second factor. Open Settings, Two-factor authentication in another tab and set it up; then try again here.',
	sessionTitle: 'Your session ended',
	sessionText: 'Log in again to go on. What you typed is kept.',
	email: 'Email address',
	password: 'Password',
	logIn: 'Log in',
	notNow: 'Not now',
	wrong: 'The address and the password do not belong together. Check both and try again.',
	tooMany: (seconds) =>
		`Too many attempts. Try again in ${seconds < 90 ? plural(seconds, '# second', '# seconds') : plural(Math.ceil(seconds / 60), '# minute', '# minutes')}.`,
	otherUserTitle: 'Somebody else is logged in now',
	otherUser: (name, workspace) =>
		`In another tab of this browser, ${name} logged in to ${workspace}. What is open here belongs to the earlier session and cannot be saved.`,
	otherUserGo: 'Go on as the new user',

	consent: {confirmed: 'Confirmed', pending: 'Pending', declined: 'Declined'},
	consentHelp: {
		confirmed: 'May be mailed.',
		pending: 'Needs confirming: nothing but a request to confirm may be sent.',
		declined: 'May not be mailed, by anybody, until the person changes it.',
	},
};
