import { join } from "node:path";

/** Where one pair of servers lives. */
export interface Place {
  directory: string;
  ports: Record<(typeof PORT_NAMES)[number], number>;
}

export const PORT_NAMES = ["imap", "imaps", "lmtp", "auth", "smtp", "smtps", "smallSmtp", "filter", "dead"] as const;

/**
 * As a provider has it: sign-in before relaying, no envelope sender but the account's own (with any subaddress), and reports of its own making.
 * a.example and b.example take mail for everyone, and LMTP says later who exists; strict.example knows nobody; dead.example is down, and
 * small.example takes small mails only. Sieve answers no mail that says by Auto-Submitted or X-Auto-Response-Suppress that it was generated, as the
 * kit's do; other responders do, so a filter takes these fields out on the way to ooo@b.example. Times are seconds where they are days in life.
 */
export function postfixMain({ directory, ports }: Place, sasl: "dovecot" | "cyrus"): string {
  return `compatibility_level = 3.6
queue_directory = ${join(directory, "queue")}
data_directory = ${join(directory, "data")}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${join(directory, "postfix.log")}
maillog_file_prefixes = ${directory}
myhostname = mx.a.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
alias_database =
recipient_delimiter = +
virtual_mailbox_domains = a.example b.example strict.example
virtual_mailbox_maps = inline:{ @a.example=x @b.example=x }
virtual_transport = lmtp:inet:127.0.0.1:${ports.lmtp}
transport_maps = inline:{ {dead.example=smtp:[127.0.0.1]:${ports.dead}}, {small.example=smtp:[127.0.0.1]:${ports.smallSmtp}} }
relay_domains = dead.example small.example
default_transport = error:5.1.2 no outside world
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_reject_unlisted_recipient = yes
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{ {ooo@b.example=FILTER smtp:[127.0.0.1]:${ports.filter}} }
smtpd_sender_login_maps = regexp:{ {/^([^+@]+)(\\+[^@]*)?@(.+)$$/ $$1@$$3} }
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = ${sasl}
smtpd_sasl_path = ${sasl === "dovecot" ? `inet:127.0.0.1:${ports.auth}` : "smtpd"}
smtpd_tls_cert_file = ${join(directory, "cert.pem")}
smtpd_tls_key_file = ${join(directory, "key.pem")}
smtpd_tls_security_level = may
smtpd_client_connection_count_limit = 0
message_size_limit = 26214400
mailbox_size_limit = 0
delay_warning_time = 1s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
maximal_queue_lifetime = 4s
bounce_queue_lifetime = 4s
`;
}

export function postfixMaster({ ports }: Place): string {
  return `127.0.0.1:${ports.smtp} inet n - n - - smtpd
127.0.0.1:${ports.smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:${ports.smallSmtp} inet n - n - - smtpd -o message_size_limit=20000 -o myhostname=mx.small.example
127.0.0.1:${ports.filter} inet n - n - - smtpd -o smtpd_recipient_restrictions= -o cleanup_service_name=filter
filter unix n - n - 0 cleanup -o { header_checks = regexp:{ {/^(Auto-Submitted|X-Auto-Response-Suppress):/ IGNORE} } }
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
