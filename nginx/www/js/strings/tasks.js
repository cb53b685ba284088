// SPDX-License-Identifier: GPL-3.0-or-later
import {plural} from '../text.js';

export default {
	caption: 'Open tasks, the earliest first',
	columns: {done: 'Done', task: 'Task', due: 'Due', about: 'About'},
	empty: 'Nothing is open.',
	emptyHelp: 'A task is added on the page of a contact or an account, with the day it is due.',
	toContacts: 'To the contacts',
	markDone: (subject) => `Mark as done: ${subject}`,
	done: (subject) => `Done: ${subject}`,
	late: 'late',
	noDue: 'No date',
	contact: 'Contact',
	account: 'Account',
	unnamed: 'Task',
	count: (open, late) =>
		`${plural(open, '# open', '# open')}${late ? `, ${plural(late, '# late', '# late')}` : ''}`,
};
