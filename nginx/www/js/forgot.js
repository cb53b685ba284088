// SPDX-License-Identifier: GPL-3.0-or-later
// Asking for a link for a new password. The answer is the same for every address.
import {h, fill, $} from './dom.js';
import {post} from './api.js';
import {onSubmit} from './ui.js';
import common from './strings/common.js';
import words from './strings/recover.js';

const form = $('#forgot');
const {email: input} = form.elements;
input.dataset.missing = words.emailMissing;
input.value ||= sessionStorage.getItem('pact.email') ?? '';

onSubmit(
	form,
	async ({email}) => {
		await post('/v1/auth/password/forgot', {email: email.trim()}, {open: true});
		sessionStorage.setItem('pact.email', email.trim());
		fill(
			form,
			h('h1', {tabindex: -1}, words.sentTitle),
			h('p', {}, words.sent(email.trim())),
			h('p', {class: 'help'}, words.sentHelp),
			h('p', {}, h('a', {href: '/login'}, words.toLogin))
		);
		$('h1', form).focus();
	},
	(error) => {
		if (error.status === 429) [error.message, error.retryAfter] = [common.tooMany(error.retryAfter || 60), 0];
		return false;
	}
);
// pressed before this stood here, it would have sent the form itself
$('[type="submit"]', form).disabled = false;
