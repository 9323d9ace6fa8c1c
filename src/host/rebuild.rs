//! Rebuilds a host whose storage is empty from its published records in KV, for example after a deployment was moved.
//! The rebuild is atomic. Hosts with many records are restored in slices ([`super::restoring`]).

use crate::base::id::ScopeId;
use crate::base::money::Usdc;
use crate::host::object::Object;
use crate::host::records::{
    Checked, Kind, being_restored, check, kv_get, kv_list, prefix, published_profile,
    published_revenue, write_record,
};
use crate::host::{backup, restoring};
use crate::ports::{Level, World};
use crate::rails::outcome::{Failure, Fatal, Money};
use crate::shop::profile::Profile;

/// A host with at most this many records is restored within its first request; the alarm restores larger ones in
/// slices.
const AT_ONCE: usize = 30;

/// The host's profile, from storage or, if that is empty, from KV.
pub async fn profile_or_rebuilt(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
) -> Result<Option<Profile>, Failure> {
    if let Some(profile) = object.profile()? {
        return Ok(Some(profile));
    }
    if restoring::is_being_restored(object)? || backup::is_taking_in(object)? {
        return Err(being_restored());
    }
    let published = read_published(object, scope).await.map_err(|what| {
        Failure::Fatal(Fatal { what: format!("rebuilding: {what}"), money: Money::NotAsked })
    })?;
    let Some(published) = published else { return Ok(None) };
    // A concurrent request may have rebuilt or registered the host meanwhile.
    if let Some(profile) = object.profile()? {
        return Ok(Some(profile));
    }
    let Published { profile, records: Some(records), revenue } = published else {
        return Err(restoring::begin_to_restore(object, scope)?);
    };
    if restoring::is_being_restored(object)? {
        return Err(being_restored());
    }
    object.create_storage()?;
    object.world.atomically(|| {
        for record in &records {
            write_record(object, scope, record)?;
        }
        restoring::finish_with(object, &profile, revenue)
    })?;
    object.world.line(Level::Warn, "rebuilt from KV", &[("scope", scope.as_str())]);
    Ok(Some(profile))
}

/// Reads a host's published records; of a host with many, only the profile.
async fn read_published(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
) -> Result<Option<Published>, String> {
    let Some(profile) = published_profile(object, scope).await? else { return Ok(None) };
    let mut keys = Vec::new();
    for kind in Kind::ALL {
        let (some, next) = kv_list(object, &prefix(scope, kind)).await?;
        keys.extend(some.into_iter().map(|key| (kind, key)));
        if next.is_some() || keys.len() > AT_ONCE {
            return Ok(Some(Published { profile, records: None, revenue: Usdc::ZERO }));
        }
    }
    let mut records = Vec::new();
    for (kind, key) in keys {
        if let Some(text) = kv_get(object, &key).await? {
            records.push(check(scope, kind, &key, &text)?);
        }
    }
    let revenue = published_revenue(object, scope).await?;
    Ok(Some(Published { profile, records: Some(records), revenue }))
}

/// The published records of a host.
struct Published {
    profile: Profile,
    /// `None` if there are too many to read at once.
    records: Option<Vec<Checked>>,
    revenue: Usdc,
}
