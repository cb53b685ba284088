// SPDX-License-Identifier: GPL-3.0-or-later
// The session ended under an open page: ask for the password in place and let the page go on. Only the same person in
// the same workspace may go on; anybody else starts afresh.
import {h} from './dom.js';
import {get, post, Problem} from './api.js';
import {dialog, field, onSubmit, showErrors, toast} from './ui.js';
import {remember, tellTabs} from './shell.js';
import words from './strings/common.js';

export function askLogin(who) {
	return new Promise((resolve, reject) => {
		let done = false;
		const notNow = () =>
			h('button', {type: 'button', class: 'button', onclick: () => box.close()}, words.notNow);
		const form = h(
			'form',
			{},
			h('p', {}, words.sessionText),
			field({
				name: 'email',
				label: words.email,
				type: 'email',
				value: who.user.email,
				readonly: true,
				autocomplete: 'username',
			}),
			field({
				name: 'password',
				label: words.password,
				type: 'password',
				required: true,
				autocomplete: 'current-password',
				'data-missing': words.passwordMissing,
			}),
			h(
				'div',
				{class: 'form-foot'},
				notNow(),
				h('button', {type: 'submit', class: 'button primary'}, words.logIn)
			)
		);
		const finish = (data) => {
			done = true;
			if (data.user.public_id !== who.user.public_id) {
				location.assign('/contacts');
				return;
			}
			remember(data);
			tellTabs(data);
			box.close();
			resolve();
		};
		// the password was right: the form makes room for the code, under the same heading
		const askCode = async (challenge) => {
			const {secondStep} = await import('./second-step.js');
			const heading = form.querySelector('h2');
			const step = secondStep(challenge, {
				heading,
				back: notNow(),
				done: finish,
				ended: (error) => {
					form.prepend(heading);
					step.replaceWith(form);
					showErrors(form, error);
				},
			});
			form.replaceWith(step);
			step.elements.code.focus();
		};
		onSubmit(
			form,
			async ({password}) => {
				const {data} = await post(
					'/v1/auth/login',
					{email: who.user.email, password, workspace: who.workspace.slug},
					{open: true}
				);
				if (data.mfa_required) await askCode(data.challenge);
				else finish(data);
			},
			(error) => {
				if (error.slug === 'wrong-credentials') error.message = words.wrong;
				else if (error.status === 429)
					[error.message, error.retryAfter] = [words.tooMany(error.retryAfter || error.body.retry_after || 60), 0];
				return false;
			}
		);
		const box = dialog(words.sessionTitle, form, {
			onclose: () =>
				done ||
				reject(
					new Problem(
						{type: '/problems/session-ended', title: words.sessionTitle, detail: words.sessionText},
						401
					)
				),
		});
		form.elements.password.focus();
		if (who.method !== 'password') askProvider(form, who, finish).catch((error) => showErrors(form, error));
	});
}

// Who came by single sign-on goes that way again, in another tab, and comes back to this one.
async function askProvider(form, who, finish) {
	const {data} = await get('/v1/auth/discover', {workspace: who.workspace.slug}, {open: true});
	const [way] = data.sso;
	if (!way) return;
	const look = async (event) => {
		if (!form.isConnected) {
			removeEventListener('focus', look);
			return;
		}
		await get('/v1/auth/session', undefined, {open: true}).then(({data: now}) => {
			removeEventListener('focus', look);
			finish(now);
		}, () => event.type === 'click' && toast(words.notYet));
	};
	addEventListener('focus', look);
	const link = h(
		'a',
		{class: 'button primary', href: `${way.url}?return_to=/signed-in`, target: '_blank', rel: 'opener'},
		words.goOn(way.name)
	);
	form.querySelector('h2').after(
		h('p', {}, words.sessionElsewhere),
		h('div', {class: 'form-foot'}, link, h('button', {type: 'button', class: 'button', onclick: look}, words.iAmBack))
	);
	for (const part of form.querySelectorAll(':scope > .field, :scope > p:not(h2 + p), [type="submit"]')) part.hidden = true;
	link.focus();
}
