// SPDX-License-Identifier: GPL-3.0-or-later
// Steps 1 and 2: what the provider wants to know of us, and what we want to know of it.
import {h, icon, fill} from './dom.js';
import {cancelButton, checkField, copyButton, dialog, field, onSubmit, toast} from './ui.js';
import {time} from './text.js';
import words from './strings/sso.js';

const DAY = 86_400_000;

// ── 1: values to paste ──────────────────────────────────────────────────────────────────────────────────────────
function valuesOf(kind, slug) {
	const at = (path) => `${location.origin}/v1/auth/${kind}/${slug}${path}`;
	return kind === 'oidc'
		? [
				[words.values.redirect, at('/callback')],
				[words.values.backchannel, at('/backchannel-logout')],
				[words.values.afterLogout, `${location.origin}/login`],
				[words.values.initiate, at('/login')],
			]
		: [
				[words.values.entity, at('/metadata')],
				[words.values.acs, at('/acs')],
				[words.values.slo, at('/slo')],
			];
}

export function valuesStep(page) {
	const list = h('div', {class: 'stack'});
	const draw = () =>
		fill(
			list,
			h('p', {class: 'soft'}, words.valuesLead[page.kind]),
			h(
				'dl',
				{class: 'facts'},
				valuesOf(page.kind, page.who.workspace.slug).map(([what, value]) =>
					h(
						'div',
						{},
						h('dt', {}, what),
						h('dd', {class: 'row'}, h('code', {class: 'wrap'}, value), copyButton(value, words.copyLabel(what)))
					)
				)
			),
			page.kind === 'saml' && h('p', {class: 'help'}, words.values.nameid)
		);
	const choice = h(
		'fieldset',
		{class: 'choice'},
		h('legend', {class: 'label'}, words.kind),
		['oidc', 'saml'].map((kind) =>
			h(
				'label',
				{},
				h('input', {
					type: 'radio',
					name: 'kind',
					value: kind,
					checked: kind === page.kind,
					disabled: !page.writable || page.data.sso_enforced,
					onchange: () => {
						page.kind = kind;
						draw();
						page.kindChanged?.();
					},
				}),
				h('span', {class: 'stack-s'}, h('strong', {}, words[kind]), h('span', {class: 'help'}, words[`${kind}Help`]))
			)
		)
	);
	draw();
	return [choice, list];
}

// ── 2: the connection ───────────────────────────────────────────────────────────────────────────────────────────
const TEXTS = {
	oidc: ['scopes', 'acr_values', 'claim_email', 'claim_name', 'claim_groups'],
	saml: ['nameid_format', 'authn_context', 'attribute_email', 'attribute_name', 'attribute_groups'],
};
const CHECKS = {oidc: ['trust_email'], saml: ['sign_both', 'force_authn', 'idp_initiated']};
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

function text(page, name, more = {}) {
	return field({
		name,
		label: words[camel(name)],
		value: page.own[name] ?? '',
		pointer: `/sso/${name}`,
		autocomplete: 'off',
		spellcheck: 'false',
		disabled: !page.writable,
		...more,
	});
}

function oidcFields(page, sso) {
	const kept = sso?.type === 'oidc' && sso.secret_set;
	return [
		text(page, 'issuer', {type: 'url', required: true, maxlength: 500, help: words.issuerHelp, 'data-missing': words.issuerHelp}),
		text(page, 'client_id', {required: true, maxlength: 500}),
		text(page, 'client_secret', {
			type: 'password',
			value: '',
			maxlength: 2000,
			autocomplete: 'new-password',
			help: kept ? words.clientSecretKept : words.clientSecretHelp,
		}),
	];
}

function samlFields(page, sso) {
	const byUrl = Boolean(page.own.metadata_url) || !sso?.metadata_set;
	const kept = sso?.type === 'saml' && sso.metadata_set && !page.own.metadata_url;
	const url = text(page, 'metadata_url', {type: 'url', maxlength: 2000});
	const file = h('input', {type: 'file', accept: '.xml,application/xml,text/xml,application/samlmetadata+xml'});
	const pasted = text(page, 'metadata', {
		type: 'textarea',
		value: '',
		rows: 4,
		help: kept ? words.metadataKept : null,
		'data-missing': words.metadataMissing,
	});
	const chosen = h('div', {class: 'stack'}, field({name: 'file', label: words.metadataFile, control: file, value: null}), pasted);
	file.disabled = !page.writable;
	file.addEventListener('change', async () => {
		if (file.files[0]) pasted.querySelector('textarea').value = await file.files[0].text();
	});
	const show = (way) => {
		url.hidden = way !== 'url';
		chosen.hidden = way === 'url';
	};
	show(byUrl ? 'url' : 'file');
	return [
		h(
			'fieldset',
			{class: 'stack-s'},
			h('legend', {class: 'label'}, words.how),
			[
				['url', words.byUrl, byUrl],
				['file', words.byFile, !byUrl],
			].map(([value, label, checked]) =>
				h(
					'label',
					{class: 'check'},
					h('input', {type: 'radio', name: 'way', value, checked, disabled: !page.writable, onchange: () => show(value)}),
					label
				)
			)
		),
		url,
		chosen,
	];
}

// What is sent: everything that the form shows; what is left empty goes back to its usual value.
function bodyOf(kind, form, typed) {
	const sso = {type: kind, name: typed.name.trim() || 'Single sign-on'};
	for (const name of TEXTS[kind]) sso[name] = typed[name].trim() || null;
	for (const name of CHECKS[kind]) sso[name] = form.elements[name].checked;
	if (kind === 'oidc') {
		sso.issuer = typed.issuer.trim();
		sso.client_id = typed.client_id.trim();
		if (typed.client_secret) sso.client_secret = typed.client_secret;
	} else if (typed.way === 'url') {
		sso.metadata_url = typed.metadata_url.trim() || null;
	} else {
		sso.metadata_url = null;
		if (typed.metadata.trim()) sso.metadata = typed.metadata;
	}
	return sso;
}

function connectionForm(page) {
	const {sso} = page.data;
	page.own = sso?.type === page.kind ? sso.settings : {};
	const {kind} = page;
	const form = h(
		'form',
		{class: 'stack'},
		sso && sso.type !== page.kind && h('p', {class: 'banner pending'}, icon('warning'), h('span', {class: 'text'}, words.otherType(sso.name))),
		page.kind === 'oidc' ? oidcFields(page, sso) : samlFields(page, sso),
		text(page, 'name', {value: sso?.name ?? '', maxlength: 100, help: words.nameHelp}),
		h(
			'details',
			{class: 'more-fields'},
			h('summary', {}, words.more),
			h(
				'div',
				{class: 'stack'},
				TEXTS[page.kind].map((name) =>
					text(page, name, {maxlength: 500, help: words[`${camel(name)}Help`] ?? words.usual})
				),
				CHECKS[page.kind].map((name) =>
					checkField({
						name,
						label: words[camel(name)],
						help: words[`${camel(name)}Help`],
						checked: page.own[name] === true,
						disabled: !page.writable,
						pointer: `/sso/${name}`,
					})
				)
			)
		),
		page.writable &&
			h(
				'div',
				{class: 'form-foot'},
				h('button', {type: 'submit', class: 'button primary'}, words.save),
				sso && h('button', {type: 'button', class: 'button danger', onclick: () => remove(page)}, words.remove)
			)
	);
	onSubmit(form, async (typed) => {
		await page.save('connection', {sso: bodyOf(kind, form, typed)});
		toast(words.saved);
		await page.again('connection');
	});
	return form;
}

function remove(page) {
	const sure = h(
		'form',
		{},
		h('p', {}, words.removeText(page.data.sso.people)),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button danger primary'}, words.removeDo)
		)
	);
	onSubmit(sure, async () => {
		await page.save('connection', {sso: null});
		sure.closest('dialog').close();
		toast(words.removed);
		await page.again('connection');
	});
	dialog(words.removeTitle, sure);
}

// What the provider says of itself.
function facts({facts: known, problem, checked_at: at}) {
	const soon = (known.certificates ?? []).map((one) => [one, Math.floor((new Date(one.not_after) - Date.now()) / DAY)]);
	return [
		problem && h('p', {class: 'banner declined', role: 'alert'}, icon('warning'), h('span', {class: 'text wrap'}, problem)),
		at &&
			h(
				'dl',
				{class: 'facts'},
				Object.keys(words.facts)
					.filter((name) => known[name])
					.map((name) => h('div', {}, h('dt', {}, words.facts[name]), h('dd', {class: 'wrap'}, known[name]))),
				h('div', {}, h('dt', {}, words.checkedAt), h('dd', {}, time(at)))
			),
		soon.map(([one, days]) =>
			h(
				'p',
				{class: days < 30 ? 'banner pending' : 'help'},
				days < 30 && icon('warning'),
				h(
					'span',
					{class: 'text wrap'},
					words.certificate(one.subject, one.not_after.slice(0, 10)),
					days < 30 && `. ${words.certificateSoon(days)}`
				)
			)
		),
	];
}

// What is typed in the form of one kind is still there after a look at the other.
export function connectionStep(page) {
	const known = h('div', {class: 'stack'});
	const place = h('div', {class: 'stack'});
	const forms = {};
	page.refresh.connection = () => {
		const there = page.data.sso?.type === page.kind;
		fill(known, there && facts(page.data.sso));
		known.hidden = !there;
	};
	page.kindChanged = () => {
		page.refresh.connection();
		fill(place, (forms[page.kind] ??= connectionForm(page)));
	};
	page.kindChanged();
	return [known, place];
}
