// SPDX-License-Identifier: GPL-3.0-or-later
// One's own second factor: what it is now, setting it up, recovery codes, turning it off.
import {h, icon, fill, $} from './dom.js';
import {del, get, post} from './api.js';
import {cancelButton, copyText, dialog, field, onSubmit, problemText, showErrors, toast} from './ui.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/security.js';

function save(name, text) {
	const url = URL.createObjectURL(new Blob([text], {type: 'text/plain'}));
	h('a', {href: url, download: name}).click();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const head = (text) => h('h2', {tabindex: -1}, text);

// A press while the one before is under way does nothing; what goes wrong is said, and it can be pressed again.
const once = (act) => async (event) => {
	const button = event.currentTarget;
	if (button.getAttribute('aria-disabled')) return;
	button.setAttribute('aria-disabled', 'true');
	try {
		await act();
	} catch (error) {
		button.removeAttribute('aria-disabled');
		toast(problemText(error));
	}
};

// A dialog that asks for the password once more; `act(password)` may throw what is shown beside the field.
function passwordDialog(title, text, button, danger, act) {
	const form = h(
		'form',
		{},
		h('p', {}, text),
		field({
			name: 'password',
			label: words.password,
			type: 'password',
			autocomplete: 'current-password',
			required: true,
			'data-missing': words.passwordMissing,
		}),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: `button primary${danger ? ' danger' : ''}`}, button)
		)
	);
	onSubmit(form, async ({password}) => {
		const after = await act(password);
		box.close();
		await after();
	});
	const box = dialog(title, form);
}

// `place` is filled with the state; `changed()` runs when it was turned on or off.
// begin: start setting up at once.
export async function twoFactor(place, who, {begin = false, changed}) {
	const {data: state} = await get('/v1/auth/totp');
	if (state.enabled) drawOn();
	else if (begin) await setUp(false);
	else drawOff();

	function drawOff() {
		fill(
			place,
			head(words.yours),
			h('p', {class: 'mark'}, icon('declined'), h('strong', {}, words.off)),
			h('p', {class: 'soft'}, words.offText),
			h(
				'div',
				{class: 'form-foot'},
				h(
					'button',
					{
						type: 'button',
						class: 'button primary',
						onclick: once(() => setUp(true)),
					},
					words.setUp
				)
			)
		);
	}

	function drawOn() {
		const left = state.recovery_codes_left;
		fill(
			place,
			head(words.yours),
			h('p', {class: 'mark good'}, icon('confirmed'), h('strong', {}, words.on)),
			h(
				'dl',
				{class: 'facts'},
				h('div', {}, h('dt', {}, words.since), h('dd', {}, time(state.since, 'date'))),
				h('div', {}, h('dt', {}, words.left), h('dd', {class: 'num'}, String(left)))
			),
			left <= 3 &&
				h('p', {class: 'banner pending'}, icon('warning'), h('span', {class: 'text'}, words.few(left))),
			state.required && h('p', {class: 'help'}, words.required),
			h(
				'div',
				{class: 'form-foot'},
				h(
					'button',
					{
						type: 'button',
						class: 'button',
						onclick: () =>
							passwordDialog(
								words.newCodesTitle,
								words.newCodesText,
								words.make,
								false,
								async (password) => {
									const {data} = await post('/v1/auth/totp/recovery-codes', {password});
									return () => drawCodes(data.recovery_codes, words.codesLeadNew);
								}
							),
					},
					words.newCodes
				),
				h(
					'button',
					{
						type: 'button',
						class: 'button danger',
						onclick: () =>
							passwordDialog(
								words.offTitle,
								words.offWarning,
								words.offDo,
								true,
								async (password) => {
									await del('/v1/auth/totp', undefined, {body: {password}});
									return async () => {
										toast(words.offDone);
										await changed(false);
									};
								}
							),
					},
					words.turnOff
				)
			)
		);
	}

	async function setUp(cancel) {
		const {data: offer} = await post('/v1/auth/totp');
		const key = offer.secret.match(/.{1,4}/g).join(' ');
		const label = decodeURIComponent(new URL(offer.otpauth_uri).pathname.replace(/^\/+(totp\/)?/, ''));
		const form = h(
			'form',
			{class: 'stack'},
			field({
				name: 'code',
				label: words.code,
				help: words.codeHelp,
				required: true,
				maxlength: 20,
				inputmode: 'numeric',
				autocomplete: 'one-time-code',
				class: 'code-input',
				'data-missing': words.codeMissing,
			}),
			h(
				'div',
				{class: 'form-foot'},
				h('button', {type: 'submit', class: 'button primary'}, words.turnOn),
				cancel && h('button', {type: 'button', class: 'button', onclick: stop}, common.cancel)
			)
		);
		function stop() {
			drawOff();
			$('button', place).focus();
		}
		onSubmit(
			form,
			async ({code}) => {
				const {data} = await post('/v1/auth/totp/confirm', {code: code.trim()});
				drawCodes(data.recovery_codes, words.codesLead);
			},
			(error) => {
				if (!error.errors?.some(({pointer}) => pointer === '/code')) return false;
				showErrors(form, {errors: [{pointer: '/code', detail: words.codeWrong}]});
				return true;
			}
		);
		const title = head(words.scanTitle);
		fill(
			place,
			title,
			h(
				'div',
				{class: 'set-up'},
				// as a picture: nothing in it can run
				h('img', {
					class: 'qr',
					src: `data:image/svg+xml,${encodeURIComponent(offer.qr_svg)}`,
					alt: words.scanAlt,
					width: 204,
					height: 204,
				}),
				h(
					'div',
					{class: 'stack-s'},
					h('p', {}, words.scanLead),
					h('p', {}, words.cannotScan),
					h('code', {class: 'secret', 'aria-label': words.keyLabel, role: 'group'}, key),
					h('p', {class: 'help'}, words.account(label.replace(':', ', '))),
					h(
						'div',
						{},
						h(
							'button',
							{type: 'button', class: 'button slim', onclick: () => copyText(offer.secret)},
							words.copyKey
						)
					)
				)
			),
			h('h2', {}, words.typeTitle),
			form
		);
		title.focus();
	}

	function drawCodes(codes, lead) {
		const title = head(words.codesTitle);
		// leaving the page now would lose them
		const hold = (event) => event.preventDefault();
		addEventListener('beforeunload', hold);
		fill(
			place,
			title,
			h('p', {}, lead),
			h(
				'ol',
				{class: 'codes', role: 'list'},
				codes.map((code) => h('li', {}, h('code', {}, code)))
			),
			h(
				'div',
				{class: 'form-foot'},
				h('button', {type: 'button', class: 'button', onclick: () => copyText(codes.join('\n'))}, words.copy),
				h(
					'button',
					{
						type: 'button',
						class: 'button',
						onclick: () => save(words.file(who.workspace.slug), words.fileText(who, codes)),
					},
					words.download
				),
				h(
					'button',
					{
						type: 'button',
						class: 'button primary',
						onclick: once(async () => {
							removeEventListener('beforeunload', hold);
							await changed(true);
						}),
					},
					words.kept
				)
			)
		);
		title.focus();
	}
}
