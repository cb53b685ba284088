// SPDX-License-Identifier: GPL-3.0-or-later
// A password forgotten, a password set anew, an invitation accepted.
export default {
	emailMissing: 'Type your email address.',
	// the same sentence whoever asks: it does not tell who has an account here
	sentTitle: 'Look into your mail',
	sent: (email) =>
		`If somebody logs in here with ${email}, a mail with a link for a new password is on its way. It is good for one hour.`,
	sentHelp:
		'Nothing there after a few minutes? Look among the junk, and check that the address is the one you log in with.',
	toLogin: 'Back to logging in',
	again: 'Ask for a new link',

	reset: {
		title: 'Set a new password',
		lead: (workspace) => `For your account in ${workspace}. All your sessions end, on every device.`,
		submit: 'Set the password',
		done: 'Your new password is set. Log in with it now.',
	},
	invite: {
		title: (workspace) => `Join ${workspace}`,
		lead: 'Choose the password that you will log in with.',
		name: 'Your name',
		nameHelp: 'As your colleagues see it.',
		submit: 'Join',
		done: (workspace) => `You have joined ${workspace}. Log in with your new password now.`,
	},
	email: 'Email address',
	password: 'New password',
	passwordHelp: 'At least 10 characters. A few unrelated words are better than a word with a number.',
	passwordShort: 'Use at least 10 characters.',
	passwordLong: 'Use at most 256 characters.',
	show: 'Show the password',

	endedTitle: 'This link has ended',
	ended: {
		reset: 'It was used already, a newer one was sent, or its time is over. Ask for a new one; it comes by mail.',
		invite: 'It was used already, a newer one was sent, or its seven days are over. Ask the person who invited you to send it again.',
	},
	endedLogin: 'Joined already? Log in.',
	noneTitle: 'Open the link of the mail',
	none: 'This page works with the link of a mail only, and the link is kept out of the address bar once it is open. Open it from the mail again.',
};
