import { join } from "node:path";
import type { Place } from "./postfix-conf.ts";

/** Postfix signs people in by the same file. */
export const saslConf = ({ directory }: Place): string => `pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: ${join(directory, "sasldb2")}
mech_list: PLAIN LOGIN
`;

export function imapdConf(place: Place, admin: string): string {
  const { directory, ports } = place;
  const at = (path: string) => join(directory, path);
  return `configdirectory: ${at("conf")}
partition-default: ${at("spool")}
defaultpartition: default
sievedir: ${at("sieve")}
proc_path: ${at("conf/proc")}
mboxname_lockpath: ${at("conf/lock")}
idlesocket: ${at("conf/socket/idle")}
lmtpsocket: ${at("conf/socket/lmtp")}
notifysocket: ${at("conf/socket/notify")}
cyrus_user: cyrus
servername: mx.a.example
admins: ${admin}
virtdomains: userid
altnamespace: yes
unixhierarchysep: yes
mailbox_legacy_dirs: yes
delete_mode: immediate
expunge_mode: immediate
duplicatesuppression: no
lmtp_strict_quota: yes
lmtp_over_quota_perm_failure: yes
allowplaintext: yes
failedloginpause: 0
skiplist_unsafe: yes
smtp_backend: host
smtp_host: 127.0.0.1:${ports.smtp}
sieve_vacation_min_response: 3600
postmaster: postmaster@a.example
tls_server_cert: ${at("cert.pem")}
tls_server_key: ${at("key.pem")}
${saslConf(place)
  .replaceAll(/^/gm, "sasl_")
  .replace(/sasl_$/, "")}`;
}

/** @param imapd Where imapd and idled are; the rest lies where Debian's cyrus-common has it. */
export function cyrusConf({ directory, ports }: Place, imapd: string): string {
  const command = (path: string) => `cmd="${path} -C ${join(directory, "imapd.conf")}`;
  return `START {
  recover ${command("/usr/lib/cyrus/bin/ctl_cyrusdb")} -r"
  idled ${command(join(imapd, "idled"))}"
}
SERVICES {
  imap ${command(join(imapd, "imapd"))} -U 30" listen="127.0.0.1:${ports.imap}" prefork=2 proto="tcp4"
  imaps ${command(join(imapd, "imapd"))} -s -U 30" listen="127.0.0.1:${ports.imaps}" prefork=0 proto="tcp4"
  lmtp ${command("/usr/lib/cyrus/bin/lmtpd")} -a" listen="127.0.0.1:${ports.lmtp}" prefork=1 proto="tcp4"
}
EVENTS {
  checkpoint ${command("/usr/lib/cyrus/bin/ctl_cyrusdb")} -c" period=30
}
`;
}
