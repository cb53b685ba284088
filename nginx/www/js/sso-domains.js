// SPDX-License-Identifier: GPL-3.0-or-later
// Step 3: the domains that the workspace speaks for, each shown by a record in its DNS.
import {h, icon, fill, $} from './dom.js';
import {del, post} from './api.js';
import {copyButton, field, onSubmit, problemText, toast} from './ui.js';
import words from './strings/sso.js';

function one(page, domain) {
	const act = async (done, say) => {
		try {
			await done();
			if (say) toast(say);
			await page.again();
		} catch (error) {
			toast(problemText(error));
		}
	};
	const path = `/v1/settings/security/domains/${domain.public_id}`;
	const value = (label, text) =>
		h(
			'div',
			{},
			h('dt', {}, label),
			h('dd', {class: 'row'}, h('code', {class: 'wrap'}, text), copyButton(text, words.copyLabel(label)))
		);
	return h(
		'li',
		{class: 'stack-s', 'data-domain': domain.domain},
		h(
			'div',
			{class: 'row'},
			h('strong', {class: 'wrap'}, domain.domain),
			h(
				'span',
				{class: `mark grow ${domain.verified ? 'good' : 'wait'}`},
				icon(domain.verified ? 'confirmed' : 'pending'),
				domain.verified ? words.verified : domain.checked_at ? words.unverified : words.looking
			),
			page.writable && [
				h(
					'button',
					{
						type: 'button',
						class: 'button slim',
						'aria-label': words.checkLabel(domain.domain),
						onclick: () => act(() => post(`${path}/check`), words.lookingFor(domain.domain)),
					},
					words.checkAgain
				),
				h(
					'button',
					{
						type: 'button',
						class: 'button slim danger',
						'aria-label': words.removeDomainLabel(domain.domain),
						onclick: () => act(() => del(path), words.domainRemoved(domain.domain)),
					},
					words.removeDomain
				),
			]
		),
		domain.problem && h('p', {class: 'help'}, domain.problem),
		!domain.verified &&
			h(
				'dl',
				{class: 'facts'},
				value(words.recordName, domain.record.name),
				value(words.recordValue, domain.record.value)
			)
	);
}

export function domainsStep(page) {
	const form = h(
		'form',
		{class: 'stack-s'},
		field({
			name: 'domain',
			label: words.domain,
			required: true,
			maxlength: 253,
			autocomplete: 'off',
			autocapitalize: 'none',
			spellcheck: 'false',
			'data-missing': words.domainMissing,
		}),
		h('div', {class: 'form-foot'}, h('button', {type: 'submit', class: 'button'}, words.addDomain))
	);
	onSubmit(form, async ({domain}, key) => {
		const {data} = await post('/v1/settings/security/domains', {domain: domain.trim()}, {key});
		toast(words.domainAdded(data.domain));
		await page.again('domains');
	});
	const list = h('div', {class: 'stack-s'});
	// whoever pressed "Look again" is still on it afterwards
	page.refresh.domains = () => {
		const here = list.contains(document.activeElement) && document.activeElement.getAttribute('aria-label');
		fill(
			list,
			page.domains.length
				? h('ul', {role: 'list', class: 'stack'}, page.domains.map((domain) => one(page, domain)))
				: h('p', {class: 'help'}, words.noDomains)
		);
		if (here) ($(`[aria-label="${CSS.escape(here)}"]`, list) ?? $('input', form)).focus();
	};
	page.refresh.domains();
	return [h('p', {class: 'soft'}, words.domainsLead), list, page.writable && form];
}
