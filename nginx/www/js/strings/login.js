// SPDX-License-Identifier: GPL-3.0-or-later
export default {
	show: 'Show the password',
	emailMissing: 'Type your email address.',
	passwordMissing: 'Type your password.',
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
