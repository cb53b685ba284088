// SPDX-License-Identifier: GPL-3.0-or-later
import {number, plural} from '../text.js';

export default {
	create: 'New account',
	search: 'Search accounts by name',
	caption: 'Accounts',
	columns: {name: 'Name', domain: 'Domain', phone: 'Phone', contacts: 'Contacts', created: 'Added'},
	sortedBy: (name) => `Sorted by ${name}`,
	count: (count) => (count >= 1000 ? '1,000 or more' : number(count)),
	shown: (count) => plural(count, '# shown', '# shown'),
	first: 'Back to the first page',
	emptyTitle: 'No accounts yet',
	empty: 'An account is a company or an organisation. An import makes them from the company column, or add one by hand.',
	nothing: 'No account has a name that begins like this.',
	clear: 'Clear the search',
	newTitle: 'New account',
	add: 'Add account',
	fields: {name: 'Name', domain: 'Domain', phone: 'Phone', note: 'Note', created: 'Added'},
	nameMissing: 'An account needs a name.',
	domainHelp: 'For example brygge.example',

	missing: 'There is no such account here. It may have been deleted.',
	toList: 'All accounts',
	tabs: {contacts: 'Contacts', activities: 'Activities'},
	tabsLabel: 'What belongs to it',
	fieldsTitle: 'Fields',
	noContacts: 'Nobody belongs to this account yet.',
	addContact: 'New contact',
	allContacts: 'Show in the list of contacts',
	ofThese: (shown, count) => [
		`${plural(shown, '# contact', '# contacts')}, `,
		plural(count, '# may be mailed', '# may be mailed'),
	],
	addNote: 'Add note',
	delete: 'Delete account…',
	deleteTitle: (name) => `Delete ${name}`,
	deleteEmpty: 'Nobody belongs to this account. Its notes and other activities go with it.',
	deleteDetach: (count) =>
		`${plural(count, 'One contact belongs', '# contacts belong')} to this account. They stay, without an account.`,
	deleteStays: 'What was noted on a contact stays with that contact. This cannot be undone.',
	deleteDo: 'Delete account',
	deleted: (name) => `${name} was deleted`,
};
