//! Router libraries with groups.

use crate::support::{backend, keys, only, query, routes, understood};

const GIN: &str = r#"package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

type Handler struct{ db *DB }
type DB struct{}
func (d *DB) Find() []string { return nil }
type Input struct {
	ID   int64  `json:"id" binding:"required"`
	Name string `json:"name"`
}
type Page struct {
	Page int `form:"page"`
}
func (h *Handler) list(c *gin.Context) {
	var page Page
	_ = c.ShouldBindQuery(&page)
	_ = c.DefaultQuery("order", "asc")
	c.JSON(http.StatusOK, gin.H{"code": 0, "msg": "ok", "data": h.db.Find()})
}
func (h *Handler) create(c *gin.Context) {
	var in Input
	if err := c.ShouldBindJSON(&in); err != nil {
		c.JSON(http.StatusOK, gin.H{"code": -1, "msg": "bad"})
		return
	}
	c.JSON(http.StatusOK, gin.H{"code": 0, "msg": "ok", "data": h.db.Find()})
}
func (h *Handler) one(c *gin.Context) {
	_ = c.Param("id")
	c.String(http.StatusOK, "text")
}
func auth() gin.HandlerFunc {
	return func(c *gin.Context) {
		token := c.GetHeader("Authorization")
		if token == "" {
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"code": 401, "msg": "no"})
			return
		}
		c.Set("role_id", parse(token))
		c.Next()
	}
}
func parse(token string) int { return len(token) }
func admin(c *gin.Context) {
	role, _ := c.Get("role_id")
	if role.(int) != 0 {
		c.Abort()
		return
	}
	c.Next()
}
func main() {
	r := gin.Default()
	h := &Handler{}
	v1 := r.Group("/api").Group("/v1")
	v1.POST("/login", h.create)
	user := v1.Group("")
	user.Use(auth())
	{
		user.GET("/nodes", h.list)
		user.GET("/nodes/:id", h.one)
	}
	boss := user.Group("/admin", admin)
	boss.POST("/node", h.create)
	v1.Any("/any", auth(), h.one)
	r.Run()
}
"#;

#[test]
fn gin_groups_can_be_chained_and_empty_and_carry_middleware() {
    let folder = backend(&[("main.go", GIN)]);
    assert_eq!(
        understood(&folder),
        [
            "POST /api/v1/admin/node Handler.create",
            "ANY /api/v1/any Handler.one",
            "POST /api/v1/login Handler.create",
            "GET /api/v1/nodes Handler.list",
            "GET /api/v1/nodes/{id} Handler.one"
        ]
    );
    let source = folder.read();
    let auth: Vec<&str> = source.facts.routes.iter().map(|route| route.auth.word()).collect();
    assert_eq!(auth, ["admin", "user", "public", "user", "user"]);
    assert_eq!(keys(&source.facts.routes[0]), "{id: integer!, name: string}");
    assert_eq!(query(&source.facts.routes[3]), "order: unknown=\"asc\", page: integer");
    assert_eq!(source.facts.routes[4].parameters.keys().collect::<Vec<_>>(), ["id"]);
    assert_eq!(source.facts.routes[4].answer.word(), "text");
}

#[test]
fn chi_routers_nest_by_route_group_with_and_mount() {
    let folder = backend(&[(
        "main.go",
        r#"package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

type H struct{}
func (h *H) work()
func (h *H) list(w http.ResponseWriter, r *http.Request) { h.work(); _ = chi.URLParam(r, "id") }
func auth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "no", 401)
			return
		}
		next.ServeHTTP(w, r)
	})
}
func main() {
	h := &H{}
	r := chi.NewRouter()
	r.Get("/api/v1/open", h.list)
	r.Route("/api/v1", func(r chi.Router) {
		r.Use(auth)
		r.Post("/a", h.list)
		r.Route("/node", func(r chi.Router) { r.Get("/{id:[0-9]+}", h.list) })
		r.Group(func(r chi.Router) { r.Delete("/group", h.list) })
		r.With(auth).MethodFunc("PUT", "/with", h.list)
	})
	sub := chi.NewRouter()
	sub.Get("/inner", h.list)
	r.Mount("/api/v1/mounted", sub)
	http.ListenAndServe(":1", r)
}
"#,
    )]);
    assert_eq!(
        understood(&folder),
        [
            "POST /api/v1/a H.list",
            "DELETE /api/v1/group H.list",
            "GET /api/v1/mounted/inner H.list",
            "GET /api/v1/node/{id} H.list",
            "GET /api/v1/open H.list",
            "PUT /api/v1/with H.list"
        ]
    );
    let auth: Vec<String> = folder.read().facts.routes.iter().map(|route| route.auth.word().to_owned()).collect();
    assert_eq!(auth, ["user", "user", "public", "user", "public", "user"]);
}

#[test]
fn echo_groups_have_prefixes_and_middleware() {
    let folder = backend(&[(
        "main.go",
        r#"package main

import "github.com/labstack/echo/v4"

type H struct{}
func (h *H) work() []string
type in struct { Name string `json:"name"` }
func (h *H) create(c echo.Context) error {
	var body in
	if err := c.Bind(&body); err != nil {
		return err
	}
	return c.JSON(200, h.work())
}
func (h *H) get(c echo.Context) error {
	_ = c.Param("id")
	_ = c.QueryParam("q")
	return c.JSON(200, map[string]interface{}{"code": 0, "msg": "", "data": h.work()})
}
func auth(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Header.Get("Authorization") == "" {
			return c.NoContent(401)
		}
		return next(c)
	}
}
func main() {
	e := echo.New()
	h := &H{}
	api := e.Group("/api/v1")
	api.POST("/open", h.create)
	api.Group("/node", auth).GET("/:id", h.get)
	e.Start(":1")
}
"#,
    )]);
    let source = folder.read();
    assert_eq!(routes(&source), ["GET /api/v1/node/{id} H.get", "POST /api/v1/open H.create"]);
    assert_eq!(source.facts.routes[0].auth.word(), "user");
    assert_eq!(
        (query(&source.facts.routes[0]).as_str(), source.facts.routes[0].answer.word()),
        ("q: unknown", "envelope")
    );
    assert_eq!(
        (keys(&source.facts.routes[1]).as_str(), source.facts.routes[1].answer.word()),
        ("{name: string}", "bare")
    );
}

#[test]
fn gorilla_routes_are_told_their_methods_afterwards() {
    let folder = backend(&[(
        "main.go",
        r#"package main

import (
	"net/http"

	"github.com/gorilla/mux"
)

type H struct{}
func (h *H) work()
func (h *H) one(w http.ResponseWriter, r *http.Request) { h.work(); _ = mux.Vars(r)["id"] }
func main() {
	r := mux.NewRouter()
	api := r.PathPrefix("/api/v1").Subrouter()
	api.HandleFunc("/node/{id:[0-9]+}", (&H{}).one).Methods("GET", "POST")
	http.ListenAndServe(":1", r)
}
"#,
    )]);
    let route = only(&folder);
    assert_eq!((route.methods.join("+").as_str(), route.path.as_str()), ("GET+POST", "/api/v1/node/{id}"));
}

#[test]
fn a_group_whose_prefix_nobody_here_knows_is_not_guessed() {
    let folder = backend(&[(
        "routes.go",
        r#"package main

import "github.com/gin-gonic/gin"

func Register(group *gin.RouterGroup) { group.POST("/list", func(c *gin.Context) { c.String(200, "") }) }
"#,
    )]);
    let source = folder.read();
    assert_eq!(routes(&source), [""; 0]);
    assert!(source.unresolved.iter().any(|problem| problem.text.contains("prefix")), "{:?}", source.unresolved);
}
