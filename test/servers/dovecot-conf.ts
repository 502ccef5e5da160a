import { join } from "node:path";
import type { Place } from "./postfix-conf.ts";

/** RFC 5230. */
export const vacationScript = `require ["vacation"];
vacation :days 1 :subject "Out of office" :addresses ["ooo@b.example"] "I am away until further notice.";
`;

/** @param vmail The system user that owns the mailboxes. */
export function dovecotConf({ directory, ports }: Place, vmail: { uid: number; gid: number }): string {
  return `base_dir = ${join(directory, "run")}
state_dir = ${join(directory, "run")}
log_path = ${join(directory, "dovecot.log")}
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <${join(directory, "cert.pem")}
ssl_key = <${join(directory, "key.pem")}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_home = ${join(directory, "mail")}/%d/%n
mail_location = maildir:~/Maildir
mail_fsync = never
first_valid_uid = ${vmail.uid}
mail_uid = ${vmail.uid}
mail_gid = ${vmail.gid}
mail_max_userip_connections = 100
mail_plugins = quota
submission_host = 127.0.0.1:${ports.smtp}
postmaster_address = postmaster@a.example
recipient_delimiter = +
passdb {
  driver = passwd-file
  args = username_format=%u ${join(directory, "users")}
}
userdb {
  driver = passwd-file
  args = username_format=%u ${join(directory, "users")}
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox Junk {
    special_use = \\Junk
    auto = subscribe
  }
}
service imap-login {
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
}
service auth {
  inet_listener {
    port = ${ports.auth}
  }
}
# Without it, every refusal makes the next sign-in wait.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_vacation_min_period = 1h
}
protocol lmtp {
  mail_plugins = quota sieve
}
protocol imap {
  mail_plugins = quota imap_quota
}
`;
}
