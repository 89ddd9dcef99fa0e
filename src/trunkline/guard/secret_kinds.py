"""Secrets by their looks: prefixes that issuers give them, and the length and alphabet of what follows.

The forms are those that issuers publish for secret scanning (GitHub's supported patterns, GitGuardian's detectors, and
the providers' own pages). `entropy` is the least in bits a character that a body may have, so that `sk-xxxxxxxxxxxx`
and words are passed over; a random text of 20 characters of base 62 has about 4.
"""

from typing import Final

import msgspec


class SecretKind(msgspec.Struct, frozen=True):
    """One kind of secret."""

    name: str
    pattern: str
    """Of the whole secret; for `re` and re2 alike, without look-around."""
    entropy: float = 3.0
    check: str = ""
    """A further check by name: see `secrets`."""


def _kinds(table: str) -> tuple[SecretKind, ...]:
    """A line each: name, pattern, and where it differs the entropy and a check."""
    rows = [line.split() for line in table.strip().splitlines()]
    return tuple(
        SecretKind(name, pattern, float(rest[0]) if rest else 3.0, rest[1] if len(rest) > 1 else "")
        for name, pattern, *rest in rows
    )


SECRET_KINDS: Final = _kinds(
    r"""
    trunkline_key          sk-tl-[A-Za-z0-9_-]{43}
    anthropic_key          sk-ant-[a-z0-9]{3,12}-[A-Za-z0-9_-]{24,120}
    openai_key             sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,200}
    openai_legacy_key      sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}
    openrouter_key         sk-or-v1-[0-9a-f]{64}
    deepseek_or_other_key  sk-[0-9a-zA-Z]{32,64}
    aws_access_key         (?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}
    aws_bedrock_key        ABSK[A-Za-z0-9+/]{60,140}={0,2}
    google_api_key         AIza[0-9A-Za-z_-]{35}
    google_oauth_secret    GOCSPX-[0-9A-Za-z_-]{28}
    google_oauth_token     ya29\.[0-9A-Za-z_-]{30,300}
    azure_client_secret    [A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}              3.5
    github_token           gh[oprsu]_[A-Za-z0-9]{36}
    github_fine_grained    github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}
    gitlab_token           gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_-]{20,60}
    bitbucket_token        ATBB[A-Za-z0-9]{32}
    atlassian_token        ATATT3[A-Za-z0-9_=-]{60,240}
    slack_token            xox[abeoprs]-[A-Za-z0-9-]{20,120}
    slack_app_token        xapp-[0-9]-[A-Z0-9]{8,14}-[0-9]{10,15}-[a-f0-9]{40,80}
    slack_webhook          https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,80}
    discord_bot_token      [MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}   3.5
    discord_webhook        https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/[0-9]{15,20}/[A-Za-z0-9_-]{60,80}
    telegram_bot_token     [0-9]{8,10}:AA[A-Za-z0-9_-]{33}
    teams_webhook          https://[a-z0-9-]{1,60}\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/-]{60,200}
    stripe_key             [sr]k_(?:live|test)_[A-Za-z0-9]{20,120}
    stripe_webhook_secret  whsec_[A-Za-z0-9+/]{32,64}={0,2}
    square_token           (?:EAAA[A-Za-z0-9_-]{60}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,43})
    paypal_token           access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}
    shopify_token          shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}
    twilio_key             SK[0-9a-f]{32}
    sendgrid_key           SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}
    mailgun_key            key-[0-9a-f]{32}
    mailchimp_key          [0-9a-f]{32}-us[0-9]{1,2}
    brevo_key              xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}
    npm_token              npm_[A-Za-z0-9]{36}
    pypi_token             pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,250}
    rubygems_key           rubygems_[0-9a-f]{48}
    docker_token           dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,40}
    crates_token           cio[A-Za-z0-9]{32}
    huggingface_token      hf_[A-Za-z0-9]{34}
    replicate_token        r8_[A-Za-z0-9]{37}
    groq_key               gsk_[A-Za-z0-9]{48,56}
    xai_key                xai-[A-Za-z0-9]{70,90}
    perplexity_key         pplx-[A-Za-z0-9]{40,60}
    fireworks_key          fw_[A-Za-z0-9]{22,28}                                      3.3
    cerebras_key           csk-[a-z0-9]{44,56}
    nvidia_key             nvapi-[A-Za-z0-9_-]{60,70}
    langsmith_key          lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}
    langfuse_key           [sp]k-lf-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
    pinecone_key           pcsk_[A-Za-z0-9_]{40,80}
    tavily_key             tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}
    databricks_token       dapi[0-9a-f]{32}(?:-[0-9])?
    digitalocean_token     do[oprt]_v1_[0-9a-f]{64}
    heroku_key             HRKU-[A-Za-z0-9_-]{36,70}
    fly_token              fm[12][ar]?_[A-Za-z0-9+/=_]{60,700}
    cloudflare_ca_key      v1\.0-[0-9a-f]{24}-[0-9a-f]{146}
    linear_key             lin_(?:api|oauth)_[A-Za-z0-9]{32,64}
    notion_token           (?:ntn_[0-9]{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43})
    figma_token            figd_[A-Za-z0-9_-]{38,50}
    airtable_token         pat[A-Za-z0-9]{14}\.[0-9a-f]{64}
    postman_key            PMAK-[0-9a-f]{24}-[0-9a-f]{34}
    newrelic_key           NRAK-[A-Z0-9]{27}
    grafana_token          gl(?:c_[A-Za-z0-9+/]{40,200}={0,2}|sa_[A-Za-z0-9]{32}_[0-9a-f]{8})
    sentry_token           sntry[su]_[A-Za-z0-9+/=_-]{60,200}
    datadog_app_key        ddapp_[A-Za-z0-9]{34,40}
    dynatrace_token        dt0[cs][0-9]{2}\.[A-Z2-7]{24}\.[A-Z2-7]{64}
    doppler_token          dp\.(?:pt|st|ct|sa)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}
    vault_token            hv[sbr]\.[A-Za-z0-9_-]{24,300}
    terraform_token        [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}
    pulumi_token           pul-[0-9a-f]{40}
    supabase_key           sb(?:p_[0-9a-f]{40}|_secret_[A-Za-z0-9_-]{31,40})
    planetscale_token      pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_-]{32,64}
    age_secret_key         AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}
    onepassword_token      ops_eyJ[A-Za-z0-9+/]{200,900}={0,2}
    json_web_token         eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}  3.0  jwt
    connection_string      [a-z][a-z0-9+]{2,20}://[A-Za-z0-9._%+-]{0,60}:[^\s:/@"'<>$\{\}]{4,100}@[A-Za-z0-9.\[][A-Za-z0-9.:\[\]-]{1,120}  0  url
    """
)
"""Over seventy. Where two fit, the earlier counts."""

ASSIGNED: Final = "assigned_secret"
"""A text of high entropy that is given to a name such as `password` or `api_key`."""
PRIVATE_KEY: Final = "private_key"
"""A PEM, PGP or PuTTY block."""

SECRET_NAMES: Final = (*(kind.name for kind in SECRET_KINDS), ASSIGNED, PRIVATE_KEY)
