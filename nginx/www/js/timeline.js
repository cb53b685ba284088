// SPDX-License-Identifier: GPL-3.0-or-later
// What happened, newest first, and the form that adds to it. Used for a contact (its whole stream) and for an account
// (its activities).
import {h, icon, fill, $} from './dom.js';
import {get, post, patch, del} from './api.js';
import {announce, cancelButton, dialog, failure, field, loading, moreLink, onSubmit, toast, uid} from './ui.js';
import {evidenceText, sourceText} from './consent.js';
import {list, time} from './text.js';
import common from './strings/common.js';
import words from './strings/timeline.js';

const localNow = (iso) => {
	const date = iso ? new Date(iso) : new Date();
	return new Date(date.getTime() - date.getTimezoneOffset() * 6e4).toISOString().slice(0, 16);
};

// `owner`: {contact_id} or {account_id}; `path`: where the stream is read; `write`: whether one may add.
export class Timeline {
	constructor({owner, path, query, write, fieldLabel = (name) => name}) {
		Object.assign(this, {owner, path, query, write, fieldLabel});
		this.list = h('ul', {class: 'stream', role: 'list', 'aria-label': words.label});
		this.foot = h('div');
		this.element = h('div', {}, write && this.composer(), this.list, this.foot);
	}

	async load() {
		if (!this.list.children.length) fill(this.foot, loading());
		try {
			const {data} = await get(this.path, this.query);
			fill(
				this.list,
				data.items.map((item) => this.item(item))
			);
			this.showFoot(data.next);
			if (!data.items.length)
				fill(this.foot, h('div', {class: 'empty'}, h('p', {}, this.write ? words.empty : words.emptyRead)));
		} catch (error) {
			fill(
				this.foot,
				failure(error, () => this.load())
			);
		}
	}

	showFoot(next) {
		const more = moreLink(next, async (after) => {
			const {data} = await get(this.path, {...this.query, after});
			const items = data.items.map((item) => this.item(item));
			this.list.append(...items);
			this.showFoot(data.next);
			announce(common.moreLoaded(items.length, this.list.children.length));
			if (!data.next) items[0]?.querySelector('time, button')?.focus();
		});
		fill(this.foot, more && h('div', {class: 'table-foot'}, more));
	}

	item(item) {
		const isActivity = item.kind in words.kinds;
		const name = isActivity ? item.kind : item.kind === 'consent' ? item.status : item.kind;
		const actor = item.actor && item.actor !== 'system' ? item.actor : '';
		const foot = [];
		if (item.kind === 'task')
			foot.push(
				item.done_at
					? h('span', {}, words.doneAt, ' ', time(item.done_at, 'near', true))
					: item.due_at && h('span', {}, words.dueAt(time(item.due_at, 'near', true)))
			);
		if (actor && item.kind !== 'note') foot.push(h('span', {}, words.by(actor)));
		if (isActivity && this.write && item.kind !== 'email')
			foot.push(
				item.kind === 'task' &&
					h(
						'button',
						{type: 'button', class: 'link', onclick: () => this.setDone(item)},
						item.done_at ? words.reopen : words.done
					),
				h('button', {type: 'button', class: 'link', onclick: () => this.edit(item)}, words.edit),
				h('button', {type: 'button', class: 'link', onclick: () => this.remove(item)}, words.remove)
			);
		const body = this.body(item);
		return h(
			'li',
			{'data-id': item.id ?? item.public_id, 'data-kind': item.kind},
			h('p', {class: 'when'}, time(item.at ?? item.occurred_at, 'near', true)),
			icon(name),
			h(
				'div',
				{class: 'what'},
				h('p', {class: item.done_at ? 'done' : null}, this.head(item, actor)),
				body && h('p', {class: 'body'}, body),
				foot.length > 0 && h('p', {class: 'foot'}, foot)
			)
		);
	}

	head(item, actor) {
		if (item.kind === 'consent')
			return [
				words.consentTo,
				item.previous && item.previous !== item.status
					? [common.consent[item.previous]?.toLowerCase(), words.arrow]
					: '',
				h('strong', {}, common.consent[item.status]?.toLowerCase()),
			];
		if (item.kind === 'change')
			return words.changed(
				list(item.fields.map(this.fieldLabel)).replace(/^./, (letter) => letter.toUpperCase())
			);
		if (item.kind in words.kinds)
			return (
				item.subject ||
				(item.kind === 'note' && actor ? `${words.kinds.note} ${words.by(actor)}` : words.kinds[item.kind])
			);
		return words[item.kind] ?? item.subject ?? item.kind;
	}

	body(item) {
		if (item.kind in words.kinds || item.kind === 'change') return item.body;
		return [item.source && sourceText(item.source), evidenceText(item.evidence), item.body]
			.filter(Boolean)
			.join(' · ');
	}

	// ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────
	composer() {
		const kind = uid('kind');
		const rest = h('div', {class: 'stack'});
		const form = h(
			'form',
			{class: 'compose', id: 'compose'},
			h(
				'fieldset',
				{},
				h('legend', {class: 'visually-hidden'}, words.kindLegend),
				h(
					'div',
					{class: 'segments'},
					['note', 'call', 'meeting', 'task'].map((name, at) =>
						h(
							'label',
							{},
							h('input', {
								type: 'radio',
								name: kind,
								value: name,
								checked: at === 0,
								onchange: () => draw(name),
							}),
							icon(name),
							words.kinds[name]
						)
					)
				)
			),
			rest
		);
		const draw = (name) => {
			const typed = {body: form.elements.body?.value ?? '', subject: form.elements.subject?.value ?? ''};
			rest.className = name === 'note' ? 'one' : 'stack';
			fill(
				rest,
				this.fields(name, typed, name === 'note' ? 1 : 3),
				h('button', {type: 'submit', class: 'button primary'}, words.add[name])
			);
		};
		draw('note');
		onSubmit(form, async (data, key) => {
			const name = data[kind];
			await post('/v1/activities', {...this.owner, kind: name, ...this.read(name, data)}, {key});
			toast(words.added[name]);
			form.reset();
			draw('note');
			form.querySelector('input[type="radio"]').focus();
			// the next one can be typed while the list is read again
			this.load();
		});
		return form;
	}

	fields(kind, {subject = '', body = '', due_at: due, occurred_at: at} = {}, rows = 3) {
		return [
			kind !== 'note' &&
				h(
					'div',
					{class: 'fields'},
					field({
						name: 'subject',
						label: kind === 'task' ? words.taskSubject : words.subject,
						value: subject,
						maxlength: 300,
						required: kind === 'task',
						'data-missing': words.subjectMissing,
						autocomplete: 'off',
					}),
					kind === 'task'
						? field({
								name: 'due_at',
								label: words.due,
								type: 'datetime-local',
								value: due ? localNow(due) : '',
							})
						: field({
								name: 'occurred_at',
								label: words.when,
								type: 'datetime-local',
								value: localNow(at),
							})
				),
			field({
				name: 'body',
				label: words.body[kind],
				type: 'textarea',
				rows,
				placeholder: ' ',
				value: body,
				maxlength: 20000,
				required: kind === 'note',
				'data-missing': words.bodyMissing,
			}),
		];
	}

	read(kind, data) {
		const body = {subject: data.subject?.trim() ?? '', body: data.body?.trim() ?? ''};
		if (kind === 'task' && data.due_at) body.due_at = new Date(data.due_at).toISOString();
		if ((kind === 'call' || kind === 'meeting') && data.occurred_at)
			body.occurred_at = new Date(data.occurred_at).toISOString();
		return body;
	}

	async edit(item) {
		const {data, etag} = await get(`/v1/activities/${item.id ?? item.public_id}`);
		const form = h(
			'form',
			{},
			this.fields(data.kind, data),
			h(
				'div',
				{class: 'form-foot'},
				cancelButton(),
				h('button', {type: 'submit', class: 'button primary'}, common.save)
			)
		);
		onSubmit(form, async (typed) => {
			await patch(`/v1/activities/${data.public_id}`, this.read(data.kind, typed), etag);
			box.close();
			toast(words.saved);
			await this.load();
		});
		const box = dialog(`${words.edit}: ${words.kinds[data.kind]}`, form);
	}

	async setDone(item) {
		const id = item.id ?? item.public_id;
		await patch(`/v1/activities/${id}`, {done_at: item.done_at ? null : new Date().toISOString()});
		await this.load();
		$(`[data-id="${id}"] .link`, this.list)?.focus();
		announce(item.done_at ? words.reopen : words.doneMessage);
	}

	// Deleting has undo: the same thing is written again.
	async remove(item) {
		const id = item.id ?? item.public_id;
		const {data} = await get(`/v1/activities/${id}`);
		await del(`/v1/activities/${id}`);
		await this.load();
		this.list.closest('[tabindex]')?.focus();
		toast(words.removed, async () => {
			const again = Object.fromEntries(
				['kind', 'subject', 'body', 'occurred_at', 'due_at']
					.filter((name) => data[name])
					.map((name) => [name, data[name]])
			);
			await post('/v1/activities', {...this.owner, ...again}, {key: crypto.randomUUID()});
			await this.load();
		});
	}
}
