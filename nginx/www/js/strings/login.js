// SPDX-License-Identifier: GPL-3.0-or-later
export default {
	show: 'Show the password',
	emailMissing: 'Type your email address.',
	next: 'Continue',
	logIn: 'Log in',
	provider: 'single sign-on',
	into: (workspace) => `To ${workspace}.`,
	or: 'Or with your password:',
	typeInstead: 'Log in with a password instead',
	required: 'This workspace lets people in by single sign-on only.',
	glass: 'The identity provider does not answer',
	glassText:
		'An owner who has a second factor can come in with password and code. All owners are told by mail, and it stands in the audit log.',
	glassDo: 'I am an owner: use my password',
	glassNot: 'Only an owner who has a password and a second factor can come in this way.',
	problems: {
		'sso-refused': 'Single sign-on did not work. Begin again; if it goes on, tell an administrator of your workspace.',
		'sso-unavailable': 'The identity provider does not answer right now. Try again in a minute.',
	},
	reference: (id) => `They find the reason in the audit log under ${id}.`,
	suspended: 'This workspace is suspended. Its owner has been told why.',
	// the second step, in the page and in the dialog of a session that ended
	stepTitle: 'Second step',
	stepLead: 'Open your authenticator app and type the six digits it shows now.',
	recoveryLead: 'Type one of the recovery codes that you kept. Each works once.',
	code: 'Code',
	recoveryCode: 'Recovery code',
	codeMissing: 'Type the code.',
	recoveryMissing: 'Type one of your recovery codes.',
	useRecovery: 'Use a recovery code instead',
	useCode: 'Use the authenticator instead',
	wrongCode:
		'This is not the code of this moment, or it was used already. Wait for the next one, and check the clock of your phone.',
	wrongRecovery: 'This is none of your recovery codes, or it was used already.',
	stepEnded: 'This login took too long or had too many wrong codes. Begin again with your password.',
	noPhone: 'Phone and codes lost? An administrator of the workspace can remove the second factor.',
	back: 'Back',
};
