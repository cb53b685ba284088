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
		'contact.create': 'Contact added', 'contact.update': 'Contact changed', 'contact.erase': 'Contact permanently deleted', 'contact.export': 'Contacts exported',
		'account.create': 'Account added', 'account.update': 'Account changed', 'account.delete': 'Account deleted',
		'activity.create': 'Activity added', 'activity.update': 'Activity changed', 'activity.delete': 'Activity deleted',
		'import.create': 'File uploaded', 'import.start': 'Import started', 'import.finish': 'Import finished', 'import.cancel': 'Import cancelled', 'import.revert': 'Import reverted', 'import.update': 'Import changed',
		'auth.login': 'Logged in', 'auth.logout': 'Logged out', 'auth.login_refused': 'Log-in refused', 'auth.session_end': 'Session ended', 'auth.password_change': 'Password changed', 'auth.refresh_reuse': 'Session token used twice',
		'workspace.create': 'Workspace made', 'workspace.update': 'Workspace changed', 'workspace.list': 'Workspaces listed', 'custom_field.create': 'Field added',
		'user.create': 'User added', 'user.update': 'User changed', 'user_role.create': 'Role given', 'user_role.delete': 'Role taken away', 'role.create': 'Role made', 'role.update': 'Role changed',
		'audit.read': 'Audit log read', 'audit.export': 'Audit log exported',
	},
	types: {contact: 'Contact', account: 'Account', activity: 'Activity', import: 'Import', session: 'Session', user: 'User', user_role: 'User’s role', role: 'Role', workspace: 'Workspace', custom_field: 'Field', audit_event: 'Audit log'},
	nothing: '—', moreChanges: (count) => plural(count, 'One more', '# more'),
	shown: (count) => plural(count, '# event shown', '# events shown'), first: 'Back to the newest',
	empty: 'Nothing is recorded that fits.', emptyAll: 'Nothing is recorded yet. Each log-in and each change appears here by itself.',
	request: 'Request', only: (what) => `Only ${what}`,
};
