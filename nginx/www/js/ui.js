// SPDX-License-Identifier: GPL-3.0-or-later
// What pages share: messages, dialogs, menus, forms that keep what was typed, tabs, "Load more".
import {h, icon, fill, $} from './dom.js';
import {Problem, keyring} from './api.js';
import {badge, STATUSES} from './consent.js';
import words from './strings/common.js';

// ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────
let live;
let saying;
let said = [];
// Say something to those who cannot see it happen. What comes at the same time is said together, else the last would be all.
export function announce(message) {
	live ??= document.body.appendChild(h('div', {class: 'visually-hidden', role: 'status', 'aria-live': 'polite'}));
	live.textContent = '';
	said.push(message.replace(/[^.!?…]$/, '$&.'));
	clearTimeout(saying);
	saying = setTimeout(() => {
		live.textContent = said.join(' ');
		said = [];
	}, 60);
}

let toasts;
// A short sentence about something done, with `undo` where it can be undone. It waits while pointed at or focused, and
// one with an undo stays until it is dismissed or the next one comes.
export function toast(message, undo) {
	if (!toasts || !toasts.isConnected) toasts = h('div', {class: 'toasts', role: 'status', 'aria-live': 'polite'});
	// a modal dialog is on top of everything: the message belongs on top of it
	([...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body).append(toasts);
	const gone = () => box.remove();
	const box = h(
		'div',
		{class: 'toast'},
		h('span', {class: 'grow'}, message),
		undo &&
			h(
				'button',
				{
					type: 'button',
					class: 'link',
					onclick: async () => {
						gone();
						try {
							await undo();
						} catch (error) {
							toast(problemText(error));
						}
					},
				},
				words.undo
			),
		h('button', {type: 'button', class: 'x', 'aria-label': words.dismiss, onclick: gone}, icon('close'))
	);
	setTimeout(() => fill(toasts, box), 30);
	if (undo) return;
	const later = () => setTimeout(() => (box.matches(':hover, :focus-within') ? later() : gone()), 7000);
	later();
}

export function problemText(error) {
	if (!(error instanceof Problem)) {
		console.error(error);
		return words.failed;
	}
	if (error.slug === 'forbidden') return error.body.detail || words.notAllowed;
	if (error.slug === 'mfa-required') return words.mfaRequired;
	if (error.status === 404) return words.notFound;
	const parts = [error.message];
	if (error.retryAfter) parts.push(words.retryIn(error.retryAfter));
	if (error.status >= 500 && error.reference) parts.push(words.reference(error.reference));
	return parts.join(' ');
}

// A place where loading failed: what happened, and a way to try again. What comes then has no button that was pressed, so
// the focus goes to the heading.
export function failure(error, again) {
	const press = async () => {
		await again();
		if (document.activeElement === document.body) $('h1')?.focus();
	};
	return h(
		'div',
		{class: 'empty', role: 'alert'},
		icon('warning', 'large'),
		h('p', {}, problemText(error)),
		again && h('button', {type: 'button', class: 'button', onclick: press}, words.tryAgain)
	);
}

export const loading = () => h('p', {class: 'loading', role: 'status'}, words.loading);

// ── dialogs ─────────────────────────────────────────────────────────────────────────────────────────────────────
let serial = 0;
export const uid = (prefix) => `${prefix}-${++serial}`;

// A modal dialog around a form or box. Focus comes back to where it was. Esc closes it; where something was typed or
// ticked, the second Esc does. One that is held is closed by close() alone: a browser that is asked often enough closes
// it whatever the page says, so it opens again.
export function dialog(title, content, {wide = false, onclose} = {}) {
	const id = uid('dialog');
	const back = document.activeElement;
	const form = content.tagName === 'FORM' ? content : h('div', {}, content);
	form.prepend(h('h2', {id, tabindex: -1}, title));
	const element = h('dialog', {'aria-labelledby': id, class: wide ? 'wide' : null}, form);
	let warned = false;
	let held = false;
	const isTyped = (input) =>
		input.type === 'checkbox'
			? input.checked !== input.defaultChecked
			: !['radio', 'hidden', 'file'].includes(input.type) && input.value !== input.defaultValue;
	element.addEventListener('cancel', (event) => {
		if (held) {
			event.preventDefault();
			return;
		}
		if ([...element.querySelectorAll('input, textarea')].some(isTyped) && !warned) {
			event.preventDefault();
			warned = true;
			toast(words.escAgain);
		}
	});
	element.addEventListener('close', () => {
		if (held) {
			element.showModal();
			$('h2', element).focus();
			return;
		}
		// a message shown in the dialog outlives it
		if (toasts && element.contains(toasts)) document.body.append(toasts);
		element.remove();
		// whoever closed it may have taken the focus on already
		if (document.activeElement === document.body) (back?.isConnected ? back : $('main'))?.focus?.({preventScroll: true});
		onclose?.();
	});
	document.body.append(element);
	element.showModal();
	const first = element.querySelector('input:not([type="hidden"]), select, textarea');
	// of radio buttons the chosen one is where the keyboard begins
	const start =
		first?.type === 'radio' ? (element.querySelector(`input[name="${first.name}"]:checked`) ?? first) : first;
	(start ?? $('h2', element)).focus();
	return {
		element,
		close: () => {
			held = false;
			element.close();
		},
		hold: () => {
			held = true;
		},
	};
}

export function cancelButton(label = words.cancel) {
	return h(
		'button',
		{type: 'button', class: 'button', onclick: (event) => event.target.closest('dialog').close()},
		label
	);
}

// Copies text, and says so.
export async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		toast(words.copied);
	} catch {
		toast(words.copyFailed);
	}
}
export function copyButton(text, label) {
	return h(
		'button',
		{type: 'button', class: 'button slim', 'aria-label': label, onclick: () => copyText(text)},
		words.copy
	);
}

// ── menu ────────────────────────────────────────────────────────────────────────────────────────────────────────
// A button that opens a list of links and buttons; arrows move in it, Esc and a press elsewhere close it.
export function menu(label, items, {className = 'button', start = false, name} = {}) {
	const box = h('div', {class: `menu-list${start ? ' start' : ''}`, hidden: true}, items);
	const button = h(
		'button',
		{type: 'button', class: className, 'aria-expanded': 'false', 'aria-label': name},
		label
	);
	const open = (state) => {
		box.hidden = !state;
		button.setAttribute('aria-expanded', String(state));
	};
	const targets = () => [...box.querySelectorAll('a[href], button, input, select')];
	button.addEventListener('click', () => {
		open(box.hidden);
		if (!box.hidden) targets()[0]?.focus();
	});
	const whole = h('div', {class: 'menu'}, button, box);
	whole.addEventListener('keydown', (event) => {
		if (event.key === 'Escape' && !box.hidden) {
			event.stopPropagation();
			open(false);
			button.focus();
		}
		if (event.target.matches('input, select') || box.hidden || !['ArrowDown', 'ArrowUp'].includes(event.key))
			return;
		event.preventDefault();
		const all = targets();
		all[
			(all.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length
		]?.focus();
	});
	whole.addEventListener('focusout', (event) => {
		if (event.relatedTarget && !whole.contains(event.relatedTarget)) open(false);
	});
	document.addEventListener('pointerdown', (event) => whole.contains(event.target) || open(false));
	box.addEventListener(
		'click',
		(event) => event.target.closest('a, button') && !event.target.closest('form') && open(false)
	);
	return whole;
}

// ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────
// A labelled control with its help and a place for its error. `pointer` ties it to a member of the body sent.
export function field({name, label, type = 'text', value = '', help, control, pointer = `/${name}`, ...rest}) {
	const id = uid(name);
	const input = control ?? (type === 'textarea' ? h('textarea', {...rest}) : h('input', {type, ...rest}));
	input.id = id;
	input.name = name;
	if (!control && value !== null && value !== undefined) {
		if (type === 'textarea') input.textContent = value;
		else input.setAttribute('value', value);
	}
	input.dataset.pointer = pointer;
	input.setAttribute('aria-describedby', [help && `${id}-help`, `${id}-error`].filter(Boolean).join(' '));
	return h(
		'div',
		{class: 'field'},
		h('label', {for: id}, label),
		input,
		help && h('p', {class: 'help', id: `${id}-help`}, help),
		h('p', {class: 'error', id: `${id}-error`})
	);
}

// A labelled box to tick, likewise.
export function checkField({name, label, help, checked, disabled, pointer = `/${name}`}) {
	const id = uid(name);
	return h(
		'div',
		{class: 'field'},
		h(
			'label',
			{class: 'check', for: id},
			h('input', {
				type: 'checkbox',
				id,
				name,
				checked,
				disabled,
				'data-pointer': pointer,
				'aria-describedby': `${help ? `${id}-help ` : ''}${id}-error`,
			}),
			label
		),
		help && h('p', {class: 'help', id: `${id}-help`}, help),
		h('p', {class: 'error', id: `${id}-error`})
	);
}

export function clearErrors(form) {
	form.querySelector(':scope > .summary')?.remove();
	for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
	for (const place of form.querySelectorAll('.error')) place.replaceChildren();
}

// Put one error beside its field; true when there is such a field.
export function fieldError(form, pointer, ...detail) {
	const input = form.querySelector(`[data-pointer="${CSS.escape(pointer)}"]`);
	if (!input) return false;
	input.setAttribute('aria-invalid', 'true');
	document.getElementById(`${input.id}-error`)?.replaceChildren(...detail);
	return true;
}

// Errors beside the fields, and a summary on top that has the focus and leads to each of them.
export function showErrors(form, error) {
	clearErrors(form);
	const entries = [];
	for (const {pointer, detail} of error.errors ?? []) {
		const placed =
			fieldError(form, pointer, detail) || fieldError(form, pointer.replace(/(\/[^/]+)\/.*$/, '$1'), detail);
		const input =
			placed &&
			form.querySelector(
				`[data-pointer="${CSS.escape(pointer)}"], [data-pointer="${CSS.escape(pointer.replace(/(\/[^/]+)\/.*$/, '$1'))}"]`
			);
		entries.push(
			input
				? h(
						'li',
						{},
						h(
							'a',
							{
								href: `#${input.id}`,
								onclick: (event) => {
									event.preventDefault();
									input.focus();
								},
							},
							`${form.querySelector(`label[for="${input.id}"]`)?.textContent ?? input.getAttribute('aria-label') ?? pointer}: ${detail}`
						)
					)
				: h('li', {}, detail)
		);
	}
	const summary = h(
		'div',
		{class: 'summary', role: 'alert', tabindex: -1},
		h('p', {}, entries.length ? words.summary(entries.length) : problemText(error)),
		entries.length > 0 && h('ul', {}, entries)
	);
	const heading = form.querySelector(':scope > :is(h1, h2)');
	if (heading) heading.after(summary);
	else form.prepend(summary);
	summary.focus();
}

// The life of a form: one send at a time, errors shown, what was typed kept. `send(data, key)` may throw Problem;
// `explain(error)` may show it in a better way and return true.
export function onSubmit(form, send, explain) {
	const keyFor = keyring();
	form.setAttribute('novalidate', '');
	form.addEventListener('submit', async (event) => {
		event.preventDefault();
		if (form.getAttribute('aria-busy') === 'true') return;
		const missing = [...form.elements].filter(
			(input) => input.willValidate && !input.validity.valid && input.dataset.pointer
		);
		if (missing.length) {
			showErrors(form, {
				errors: missing.map((input) => ({
					pointer: input.dataset.pointer,
					detail: input.dataset.missing ?? input.validationMessage,
				})),
			});
			return;
		}
		const button = event.submitter ?? form.querySelector('[type="submit"], button:not([type])');
		form.setAttribute('aria-busy', 'true');
		button?.setAttribute('aria-disabled', 'true');
		clearErrors(form);
		try {
			const data = Object.fromEntries(new FormData(form));
			await send(data, keyFor(data), event);
			keyFor.done();
		} catch (error) {
			if (!form.isConnected) toast(problemText(error));
			else if (!(await explain?.(error))) showErrors(form, error);
		} finally {
			form.removeAttribute('aria-busy');
			button?.removeAttribute('aria-disabled');
		}
	});
	return form;
}

// For `explain`: what a dialog was about is gone, removed in another tab or by somebody else. The list behind it is read
// again, as it is after the dialog has done its work.
export async function goneMeanwhile(error, box, after) {
	if (error.status !== 404) return false;
	box?.close();
	toast(words.gone);
	await after();
	if (document.activeElement === document.body) $('h1')?.focus();
	return true;
}

// The three answers as radio buttons, each with the badge and what it means.
export function consentChoice(chosen, legend, {help = true} = {}) {
	return h(
		'fieldset',
		{class: 'choice'},
		h('legend', {class: 'label'}, legend),
		STATUSES.map((status) =>
			h(
				'label',
				{},
				h('input', {
					type: 'radio',
					name: 'status',
					value: status,
					checked: status === chosen,
					'data-pointer': status === STATUSES[0] ? '/status' : null,
					required: true,
					id: uid('status'),
				}),
				h(
					'span',
					{class: 'stack-s'},
					h('span', {}, badge(status)),
					help && h('span', {class: 'help'}, words.consentHelp[status])
				)
			)
		)
	);
}

// A text input that offers accounts as one types. `chosen()` gives {account} | {create: name} | {none: true}.
export function accountControl(find, current) {
	const options = h('datalist', {id: uid('accounts')});
	const input = h('input', {type: 'text', list: options.id, autocomplete: 'off', maxlength: 200});
	input.setAttribute('value', current?.name ?? '');
	const seen = new Map(current ? [[current.name, current]] : []);
	let timer;
	input.addEventListener('input', () => {
		clearTimeout(timer);
		if (input.value.trim().length < 1 || seen.has(input.value)) return;
		timer = setTimeout(async () => {
			try {
				for (const account of await find(input.value.trim())) seen.set(account.name, account);
				fill(
					options,
					[...seen.keys()].map((name) => h('option', {value: name}))
				);
			} catch {
				/* offering is a help; saving says what is wrong */
			}
		}, 180);
	});
	return {
		input,
		options,
		chosen: () => {
			const name = input.value.trim();
			return name === '' ? {none: true} : seen.has(name) ? {account: seen.get(name)} : {create: name};
		},
	};
}

// ── tabs ────────────────────────────────────────────────────────────────────────────────────────────────────────
export function tabs(label, parts, chosen, onchange) {
	const list = h('div', {class: 'tabs', role: 'tablist', 'aria-label': label});
	const panels = [];
	const choose = (name, focus) => {
		for (const tab of list.children) {
			const on = tab.dataset.tab === name;
			tab.setAttribute('aria-selected', String(on));
			tab.tabIndex = on ? 0 : -1;
			if (on && focus) tab.focus();
		}
		for (const panel of panels) panel.hidden = panel.dataset.tab !== name;
		onchange?.(name);
	};
	for (const [name, title, content] of parts) {
		const id = uid('tab');
		list.append(
			h(
				'button',
				{
					type: 'button',
					role: 'tab',
					id,
					'aria-controls': `${id}-panel`,
					'data-tab': name,
					onclick: () => choose(name),
				},
				title
			)
		);
		panels.push(
			h(
				'div',
				{role: 'tabpanel', id: `${id}-panel`, 'aria-labelledby': id, 'data-tab': name, tabindex: 0},
				content
			)
		);
	}
	list.addEventListener('keydown', (event) => {
		const all = [...list.children];
		const at = all.indexOf(document.activeElement);
		const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1}[event.key];
		if (to === undefined) return;
		event.preventDefault();
		choose(all.at(to % all.length).dataset.tab, true);
	});
	choose(parts.some(([name]) => name === chosen) ? chosen : parts[0][0]);
	return {element: [list, ...panels], choose};
}

// ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────
// "Load more": a real link to the next page, which a press turns into more rows here, where there is a `load`.
export function moreLink(next, load) {
	if (!next) return null;
	const url = new URL(location.href);
	url.searchParams.set('after', next);
	return h(
		'a',
		{
			class: 'button',
			href: url.pathname + url.search,
			rel: 'next',
			onclick: async (event) => {
				if (!load || event.ctrlKey || event.metaKey || event.shiftKey) return;
				event.preventDefault();
				const link = event.currentTarget;
				if (link.getAttribute('aria-disabled')) return;
				link.setAttribute('aria-disabled', 'true');
				try {
					await load(next);
				} catch (error) {
					link.removeAttribute('aria-disabled');
					toast(problemText(error));
				}
			},
		},
		words.loadMore
	);
}

// Poll until `read()` says it is finished. A page out of sight asks more slowly.
export async function poll(read, finished, signal) {
	for (let wait = 300; ; wait = Math.min(wait * 1.4, document.hidden ? 5000 : 1000)) {
		const state = await read();
		if (finished(state) || signal?.aborted) return state;
		await new Promise((resolve) => setTimeout(resolve, wait));
	}
}
