// SPDX-License-Identifier: GPL-3.0-or-later
import {list, plural} from '../text.js';

export default {
	title: 'People',
	caption: 'The people of this workspace',
	columns: {
		name: 'Name',
		roles: 'Roles',
		status: 'Status',
		mfa: 'Second factor',
		login: 'Last login',
		change: 'Change',
	},
	status: {active: 'Active', invited: 'Invited', suspended: 'Suspended'},
	mfa: {true: 'On', false: 'None'},
	never: 'Never',
	you: 'you',
	answer: (shown, more, invited, without) =>
		[
			`${plural(shown, '# person', '# people')}${more ? ' so far' : ''}`,
			invited && plural(invited, '# invitation open', '# invitations open'),
			without && plural(without, '# without a second factor', '# without a second factor'),
		]
			.filter(Boolean)
			.join(', '),
	onlyYou: 'Nobody but you works here yet. Invite a colleague; the invitation comes by mail.',

	invite: 'Invite somebody',
	inviteLead: 'A mail with a link goes there. It is good for seven days.',
	email: 'Email address',
	emailMissing: 'Type the email address.',
	name: 'Name',
	nameHelp: 'They can change it when they join.',
	roles: 'Roles',
	rolesMissing: 'Choose at least one role.',
	rolesWhat: 'What each role may do',
	send: 'Send the invitation',
	invited: (email) => `The invitation to ${email} is on its way`,
	already: 'Somebody with this address works here already.',

	change: 'Change…',
	changeLabel: (name) => `Change ${name}`,
	save: 'Save',
	saved: (name) => `${name} was changed`,
	meanwhile: 'Somebody else changed this person meanwhile. What is shown now is new; look again and save.',
	sessions: (count, more) => `Logged in on ${plural(count, '# device', '# devices')}${more ? ' or more' : ''}`,
	noSessions: 'Logged in nowhere at the moment.',
	session: (device, ip) => `${[device, ip && `from ${ip}`].filter(Boolean).join(' ')}, last used`,
	endSessions: 'Log out everywhere',
	endedSessions: (name) => `${name} is logged out everywhere`,
	access: 'Access',
	again: 'Send the invitation again',
	suspend: 'Suspend',
	suspendHelp:
		'Somebody suspended is logged out everywhere at once and cannot log in until reactivated. Nothing is deleted.',
	suspended: (name) => `${name} is suspended and logged out everywhere`,
	reactivate: 'Reactivate',
	reactivated: (name) => `${name} can log in again`,
	unlink: 'Forget the single sign-on…',
	unlinkTitle: (name) => `Forget who ${name} is to the identity provider`,
	unlinkText: (name) =>
		`For who got a new account there. Whoever logs in there next with the address of ${name} is ${name}. Sessions that began with it end.`,
	unlinkDo: 'Forget it',
	unlinked: (name) => `The next login with the address of ${name} counts.`,
	removeMfa: 'Remove the second factor…',
	removeMfaTitle: (name) => `Remove the second factor of ${name}`,
	removeMfaText: (name) =>
		`For a lost phone. ${name} is logged out everywhere, and logs in with the password alone until a new one is set up. Be sure that it is really ${name} who asks.`,
	removeMfaDo: 'Remove the second factor',
	removedMfa: (name) => `The second factor of ${name} was removed`,
	remove: 'Remove from the workspace…',
	withdraw: 'Withdraw the invitation…',
	removeTitle: (name) => `Remove ${name}`,
	removeText: (name, invited) =>
		invited
			? `The link in the invitation stops working, and ${name} is taken out of the list.`
			: `${name} is logged out everywhere, cannot log in any more, and is taken out of the list. What ${name} wrote stays, and so does the audit log. This cannot be undone; to keep somebody out for a while, suspend them.`,
	removeDo: 'Remove',
	removed: (name) => `${name} was removed`,
	keep: 'Keep',
	rolesList: (roles) => list(roles),
};
