//! User groups, tunnel groups, their members, and the permissions and grants between them.

use serde::Serialize;

use super::table::{Table, rows};

/// A user group or a tunnel group: both tables have the same columns.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Group {
    /// Primary key.
    pub id: i64,
    /// Unique within its table.
    pub name: String,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: i64,
    /// A label without effect.
    pub status: i64,
}

/// A member of a group: a user of a user group or a tunnel of a tunnel group.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Member {
    /// Primary key.
    pub id: i64,
    /// The group.
    pub group_id: i64,
    /// The user or tunnel.
    pub member_id: i64,
    /// ms since the epoch.
    pub created_time: i64,
}

/// A user group may use a tunnel group.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Permission {
    /// Primary key.
    pub id: i64,
    /// Who.
    pub user_group_id: i64,
    /// What.
    pub tunnel_group_id: i64,
    /// ms since the epoch.
    pub created_time: i64,
}

/// A `user_tunnel` row held by a permission.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Grant {
    /// Primary key.
    pub id: i64,
    /// The permission's user group.
    pub user_group_id: i64,
    /// The permission's tunnel group.
    pub tunnel_group_id: i64,
    /// The row.
    pub user_tunnel_id: i64,
    /// 1 when the permission made the row, 0 when it was there before.
    pub created_by_group: i64,
    /// ms since the epoch.
    pub created_time: i64,
}

rows!(Group, Member, Permission, Grant);

/// The tables about groups.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Groups {
    /// `user_group`.
    pub user_groups: Table<Group>,
    /// `user_group_user`.
    pub user_members: Table<Member>,
    /// `tunnel_group`.
    pub tunnel_groups: Table<Group>,
    /// `tunnel_group_tunnel`.
    pub tunnel_members: Table<Member>,
    /// `group_permission`.
    pub permissions: Table<Permission>,
    /// `group_permission_grant`.
    pub grants: Table<Grant>,
}
