// SPDX-License-Identifier: GPL-3.0-or-later
import {number, plural, list, size} from '../text.js';

const people = (count) => number(count);

export default {
	title: 'Import contacts',
	toContacts: 'Contacts',
	drop: 'Drop a file here, or choose one',
	choose: 'Choose a file',
	kinds: 'CSV or vCard, up to 256 MB: exports from Mailchimp, HubSpot, Google, Outlook, Salesforce, Brevo, LinkedIn and others, or any spreadsheet saved as CSV.',
	promise:
		'Nothing is written before you say so. An import can take a permission away, but it gives one only where the file brings evidence for it.',
	uploading: (name) => `Uploading ${name}`,
	uploaded: (percent) => `${percent} %`,
	tooLarge: 'The file is larger than 256 MB. Split it and import the parts one after another.',
	wrongKind: 'This is neither a CSV nor a vCard file. Save the table as CSV and choose it again.',
	emptyFile: 'The file is empty.',
	uploadFailed: 'The upload broke off. Nothing was kept; choose the file again.',

	earlier: 'Earlier imports',
	earlierNone: 'Nothing has been imported yet.',
	columns: {file: 'File', when: 'When', status: 'State', rows: 'Rows', mailable: 'May be mailed'},
	status: {
		uploading: 'Uploading',
		mapping: 'Waiting for you',
		queued: 'Waiting',
		running: 'Running',
		done: 'Done',
		failed: 'Failed',
		cancelled: 'Cancelled',
		reverted: 'Reverted',
	},
	dryRun: 'Dry run',
	noName: 'Unnamed file',

	looks: ({tool, encoding, separator}) =>
		[
			tool && tool !== 'unknown' ? `Looks like a file from ${tool}` : 'Not a known tool’s file',
			encoding,
			separator &&
				`separated by ${{',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars'}[separator] ?? separator}`,
		]
			.filter(Boolean)
			.join(' · '),
	vcard: 'an address book (vCard)',
	readDifferently: 'Read it differently',
	reading: {
		lead: 'Choose what fits better; the columns are then read again.',
		apply: 'Read again',
		encoding: {
			label: 'Letters are encoded as',
			choices: {
				'UTF-8': 'UTF-8',
				'UTF-16LE': 'UTF-16, little-endian',
				'UTF-16BE': 'UTF-16, big-endian',
				'windows-1252': 'Windows-1252 (Western European)',
			},
		},
		separator: {
			label: 'Columns are separated by',
			choices: {comma: 'Commas', semicolon: 'Semicolons', tab: 'Tabs', pipe: 'Bars'},
		},
		dates: {
			label: 'A date such as 03/04/2026 is',
			choices: {'': 'As guessed from the file', dmy: '3 April 2026', mdy: '4 March 2026'},
		},
	},
	reverting: 'Reverting',
	departures: 'This looks like a list of people who left.',
	departuresText: 'Everybody in it will be recorded as declined, whatever else the file says.',
	departuresOption: 'These people have left: record them as declined',
	departuresOff: 'You said that these are not people who left. Rows without evidence follow the default policy.',
	mapTitle: 'What is in which column',
	mapHelp: 'Check the guess. A column that is left out is not kept anywhere.',
	mapColumns: {column: 'Column in the file', sample: 'For example', field: 'Goes to'},
	columnNumber: (number) => `Column ${number}`,
	goesTo: (name) => `Where the column ${name} goes`,
	fields: {
		ignore: 'Leave out',
		email: 'Email address',
		first_name: 'First name',
		last_name: 'Last name',
		full_name: 'Full name',
		phone: 'Phone',
		title: 'Title',
		account: 'Account',
		tags: 'Tags',
		note: 'Note',
		consent_status: 'Consent status',
		optin_time: 'Opted in at',
		confirm_time: 'Confirmed at',
		consent_source: 'Source of the consent',
		unsub_time: 'Unsubscribed at',
		opted_out: 'Has opted out',
	},
	groups: {person: 'Person', consent: 'Consent and its evidence', custom: 'Own fields'},
	newField: 'New field…',
	newFieldTitle: 'New field for contacts',
	newFieldLabel: 'Name of the field',
	newFieldAdd: 'Add field',
	consentTitle: 'Consent',
	noEvidence: 'No column of this file says when somebody opted in.',
	evidence: (names) => `Evidence is read from ${list(names)}.`,
	policy: {
		pending: 'Rows without evidence become pending: they need confirming before they are mailed.',
		confirmed:
			'Rows without evidence follow the workspace’s policy and become confirmed, with its legal basis as the evidence.',
		declined: 'Rows without evidence become declined.',
	},
	policyLink: 'Default consent policy',
	noEmail:
		'No column goes to the email address. Contacts are then made without one, and a second import makes them again.',
	twice: (name) => `Another column goes to ${name} already. Leave one of them out.`,
	tryIt: 'Try it without writing anything',
	runNow: 'Import now',
	changed: 'Assignment saved',

	tryTitle: 'Dry run',
	runTitle: 'Import',
	working: (dry) => (dry ? 'Trying the file. Nothing is written.' : 'Importing'),
	queued: 'Waiting for a free place. It starts by itself.',
	progress: (done, total) =>
		total ? `${people(done)} of ${plural(total, '# row', '# rows')}` : plural(done, '# row', '# rows'),
	leave: 'It goes on if you leave this page. You find it again under earlier imports.',
	cancel: 'Cancel the import',
	cancelDry: 'Stop',
	cancelling: 'Stopping after the rows under way',

	verdict: ({rows, mailable, confirm, suppressed, errors}, dry) => [
		`${plural(rows, '# row', '# rows')}: `,
		dry ? `${people(mailable)} may be mailed` : `${people(mailable)} may be mailed`,
		`, ${plural(confirm, '# needs confirming', '# need confirming')}, ${plural(suppressed, '# suppressed', '# suppressed')}, ${plural(errors, '# cannot be read', '# cannot be read')}.`,
	],
	nothingWritten: 'Nothing has been written.',
	written: ({imported, updated, skipped}) =>
		[
			plural(imported, '# contact added', '# contacts added'),
			updated ? plural(updated, '# changed', '# changed') : '',
			skipped ? plural(skipped, '# left as it was', '# left as they were') : '',
		]
			.filter(Boolean)
			.join(', ') + '.',
	wouldWrite: ({imported, updated, skipped}) =>
		[
			plural(imported, '# contact would be added', '# contacts would be added'),
			updated ? plural(updated, '# changed', '# changed') : '',
			skipped ? plural(skipped, '# left as it is', '# left as they are') : '',
		]
			.filter(Boolean)
			.join(', ') + '.',
	figures: {
		mailable: 'may be mailed',
		confirm: 'need confirming',
		suppressed: 'suppressed or declined',
		errors: 'cannot be read',
	},
	chart: 'Share of the rows',
	importNow: (count) => plural(count, 'Import one row', 'Import # rows'),
	changeMapping: 'Change the assignment',
	failed: 'The import failed.',
	failedText:
		'The rows written before it failed are in; the same file can be imported again without making anybody twice.',
	cancelled: 'The import was cancelled.',
	cancelledText: (done) => plural(done, 'One row had been handled.', '# rows had been handled.'),
	reverted: 'The import was reverted.',
	revertedText:
		'Contacts it added are gone and contacts it changed are as they were, except where somebody has edited them since.',
	gone: 'The file is no longer kept. Choose it again to import it.',
	see: 'See the contacts',
	again: 'Import another file',
	revert: 'Revert the import…',
	revertTitle: 'Revert this import',
	revertLead: ({imported, updated}) =>
		`${plural(imported, 'The contact it added goes away', 'The # contacts it added go away')}${updated ? `; ${plural(updated, 'one contact it changed is put back', '# contacts it changed are put back')}` : ''}.`,
	revertKeeps:
		'Contacts that somebody has edited since keep those edits. Declines stay: taking them back needs the person’s word.',
	revertDo: 'Revert',
	errorsTitle: 'Rows that cannot be read',
	errorsCaption: 'Rows that cannot be read, with line and reason',
	errorColumns: {line: 'Line', column: 'Column', value: 'Value', detail: 'What is wrong'},
	errorsDownload: 'Download as CSV',
	missing: 'There is no such import.',
	toList: 'All imports',
};
