// SPDX-License-Identifier: GPL-3.0-or-later
import {plural} from '../text.js';

export default {
	title: 'Audit Log', lead: 'Who did what, when and from where. Times are UTC.',
	export: 'Export CSV',
	filters: {from: 'From (UTC)', to: 'Until (UTC)', actor: 'By', action: 'What', resource_type: 'On', resource_id: 'Id', ip: 'From address'},
	onlyLabel: 'Only', everything: 'Everything', any: 'Anything',
	kinds: {actor: 'by one person', action: 'one kind of act', resource_type: 'one kind of thing', ip: 'from one address'},
	apply: 'Show', clear: 'Clear the filters', removeFilter: (name) => `Remove the filter ${name}`, is: ' is ', more: 'Filters',
	columns: {at: 'Time (UTC)', actor: 'By', action: 'What', resource: 'On', change: 'Old → new', ip: 'From'},
	caption: 'Audit events, newest first',
	system: 'Pact', operator: (name) => `${name} (operator)`,
	actions: {
		'auth.login': 'Logged in', 'auth.logout': 'Logged out', 'auth.login_refused': 'Log-in refused', 'auth.refresh_reuse': 'Session token used twice', 'auth.password_change': 'Password changed', 'auth.session_end': 'Session ended',
		'contact.create': 'Contact added', 'contact.update': 'Contact changed', 'contact.delete': 'Contact deleted', 'contact.export': 'Contact exported', 'contact.erase': 'Contact permanently deleted', 'contact.archive': 'Contact archived', 'contact.restore': 'Contact restored',
		'contacts.export': 'All contacts exported', 'account.create': 'Account added', 'account.update': 'Account changed', 'account.delete': 'Account deleted',
		'activity.create': 'Activity added', 'activity.update': 'Activity changed', 'activity.delete': 'Activity deleted',
		'contact_event.create': 'Entry in the history', 'import.create': 'Import started', 'import.update': 'Import changed', 'tenant.update': 'Settings changed',
		'audit.read': 'Audit log read', 'audit.export': 'Audit log exported', 'custom_field.create': 'Field added',
		'session.create': 'Session started', 'session.update': 'Session changed', 'user_account.create': 'User added', 'user_account.update': 'User changed', 'user_role.create': 'Role given', 'user_role.delete': 'Role taken away',
		'suppression.create': 'Address suppressed', 'suppression.delete': 'Suppression lifted',
	},
	types: {contact: 'Contact', account: 'Account', activity: 'Activity', import: 'Import', session: 'Session', user: 'User', user_account: 'User', tenant: 'Workspace', contact_event: 'History', audit: 'Audit log', auth: 'Log-in', custom_field: 'Field', role: 'Role', user_role: 'Role', suppression: 'Suppression', user_password: 'Password'},
	nothing: '—', moreChanges: (count) => plural(count, 'One more', '# more'),
	shown: (count) => plural(count, '# event shown', '# events shown'), first: 'Back to the newest',
	empty: 'Nothing is recorded that fits.', emptyAll: 'Nothing is recorded yet. Each log-in and each change appears here by itself.',
	request: 'Request', only: (what) => `Only ${what}`,
};
