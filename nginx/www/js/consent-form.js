// SPDX-License-Identifier: GPL-3.0-or-later
// The form that changes consent, of one contact or of many: the status, and how one knows.
import {h} from './dom.js';
import {dialog, cancelButton, consentChoice, field, onSubmit} from './ui.js';
import words from './strings/consent.js';

const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 6e4).toISOString().slice(0, 10);

// The evidence fields, for this form and for a new contact.
export function evidenceFields() {
	return h(
		'div',
		{class: 'stack'},
		h(
			'div',
			{class: 'fields'},
			field({
				name: 'how',
				label: words.howLabel,
				pointer: '/evidence/how',
				control: h(
					'select',
					{},
					h('option', {value: ''}, words.howNone),
					Object.entries(words.howOptions).map(([value, label]) => h('option', {value}, label))
				),
			}),
			field({
				name: 'date',
				label: words.dateLabel,
				type: 'date',
				max: today(),
				value: today(),
				pointer: '/evidence/at',
			})
		),
		field({
			name: 'note',
			label: words.noteLabel,
			type: 'textarea',
			rows: 3,
			maxlength: 2000,
			help: words.noteHelp,
			pointer: '/evidence/note',
		})
	);
}

// What was typed in them as the `evidence` member, or undefined.
export function evidenceOf({how, note, date}) {
	if (!how && !note?.trim()) return undefined;
	const evidence = {};
	if (how) evidence.how = how;
	if (note?.trim()) evidence.note = note.trim();
	if (date)
		// a day, not an instant: today means now, an earlier day its noon in the viewer's zone
		evidence.at = (date === today() ? new Date() : new Date(`${date}T12:00:00`)).toISOString();
	return evidence;
}

// `send({status, evidence}, key)` does the change; the dialog closes when it returns.
export function consentDialog({title = words.change, lead, current, send, explain}) {
	const form = h(
		'form',
		{},
		lead,
		consentChoice(current, words.changeLegend),
		evidenceFields(),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.record)
		)
	);
	for (const radio of form.elements.status) radio.dataset.missing = words.choose;
	onSubmit(
		form,
		async (data, key) => {
			if (data.status === 'confirmed' && !data.note.trim() && !data.how)
				throw {errors: [{pointer: '/evidence/note', detail: words.noteNeeded}]};
			await send({status: data.status, evidence: evidenceOf(data)}, key);
			box.close();
		},
		explain
	);
	const box = dialog(title, form);
	return box;
}
