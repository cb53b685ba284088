// SPDX-License-Identifier: GPL-3.0-or-later
import {plural} from '../text.js';

export default {
	missing: 'There is no such contact here. It may have been deleted permanently.',
	toList: 'All contacts',
	noName: 'No name',
	addNote: 'Add note',
	exportData: 'Export data',
	deleteContact: 'Delete contact…',
	changeConsent: 'Change consent…',
	fieldsTitle: 'Fields',
	fields: {
		first_name: 'First name',
		last_name: 'Last name',
		email: 'Address',
		phone: 'Phone',
		title: 'Title',
		account: 'Account',
		tags: 'Tags',
		created: 'Added',
		updated: 'Last changed',
	},
	empty: 'Not filled in',
	edit: (label) => `Change ${label.toLowerCase()}`,
	saved: (label) => `${label} saved`,
	conflict: (theirs) => [
		'This was changed by someone else meanwhile: it now says ',
		theirs,
		'. Your text is kept.',
	],
	conflictEmpty: 'nothing',
	saveMine: 'Save mine',
	useTheirs: 'Keep theirs',
	merged: 'Somebody changed other fields meanwhile; both changes are kept.',
	duplicate: 'Another contact has this address.',
	openExisting: 'Open it',
	accountHelp: 'A name that does not exist yet makes a new account.',
	openAccount: (name) => `Open ${name}`,
	addTag: 'Add a tag',
	removeTag: (tag) => `Remove the tag ${tag}`,
	tagAdded: (tag) => `Tag ${tag} added`,
	tagRemoved: (tag) => `Tag ${tag} removed`,
	withTag: (tag) => `Contacts with the tag ${tag}`,
	ownFields: 'own fields',
	emptyOwn: (count) => plural(count, 'One empty own field', '# empty own fields'),
	addField: 'New field',
	fieldTitle: 'New field for contacts',
	fieldLabel: 'Name of the field',
	fieldHelp: 'Every contact of the workspace gets it.',
	fieldAdd: 'Add field',

	tabs: {timeline: 'Timeline', consent: 'Consent'},
	tabsLabel: 'What is known',
	archivedBanner: 'Archived.',
	archivedText: (date, until) => [
		'Since ',
		date,
		'. It is in no list and is not mailed. It can be restored until ',
		until,
		'; then it is deleted permanently.',
	],
	restore: 'Restore',
	restored: (name) => `${name} was restored`,
	archived: (name) => `${name} was archived`,

	history: 'History',
	historyCaption: 'Every change of consent, newest first',
	historyColumns: {at: 'When', status: 'Status', source: 'Source', actor: 'By', evidence: 'Evidence'},
	historyEmpty: 'Nothing is recorded.',
	system: 'Pact',
	consentSaved: 'Consent recorded',
	consentUnchanged: (asked, kept) =>
		`Recorded, but the status stays ${kept}: a decline is not lifted by ${asked} without later evidence, and an address on the suppression list stays declined.`,

	exported: 'The file holds everything Pact keeps about this person.',

	deleteTitle: (name) => `Delete ${name}`,
	archiveTitle: 'Archive',
	archiveText:
		'The contact leaves every list and is not mailed. It can be restored for 30 days; then it is deleted permanently.',
	archiveDo: 'Archive',
	eraseTitle: 'Permanently delete',
	eraseText: 'Everything personal is removed at once. This cannot be undone.',
	eraseNext: 'Permanently delete…',
	eraseHead: (name) => `Permanently delete ${name}`,
	goes: 'What goes',
	stays: 'What stays',
	goesFields: (count) =>
		plural(count, 'The contact with its one filled-in field', 'The contact with its # filled-in fields'),
	goesActivities: (count, more) =>
		count === 0
			? 'No activities, there are none'
			: plural(
					count,
					'# activity: notes, calls, meetings, tasks',
					`#${more ? ' or more' : ''} activities: notes, calls, meetings, tasks`
				),
	goesConsent: (count) =>
		plural(count, 'The consent history with its one entry', 'The consent history with its # entries'),
	staysHash:
		'A keyed hash of the address on the suppression list, so that a later import cannot mail this person again. The address cannot be read from it.',
	staysNothing: 'Nothing on the suppression list: there is no address to keep out.',
	staysAudit: 'In the audit log, that you deleted a contact and when, without the personal values.',
	typeAddress: 'Type the address to go on',
	typeName: 'Type the name to go on',
	typeHelp: (text) => `It is ${text}`,
	typeWrong: 'This is not the same text.',
	eraseDo: 'Permanently delete',
	erased: 'The contact was deleted permanently',
};
